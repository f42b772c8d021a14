// PKCS#12 files (RFC 7292) for devices: the client's key, its certificate and the authority's. Built from node-forge's
// ASN.1 and key derivation and the runtime's ciphers, because forge's own writer knows only RSA keys.
// Called by authority.ts.
import { createCipheriv, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import forge from 'node-forge';

const { asn1 } = forge;
const { Class, Type } = asn1;

/**
 * modern: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC, MAC HMAC-SHA256. For openconnect and today's desktops.
 * legacy: pbeWithSHA1And3-KeyTripleDES-CBC, MAC HMAC-SHA1. For phones and what was built before 2020.
 */
export type Pkcs12Profile = 'modern' | 'legacy';

export interface Pkcs12Contents {
  /** PKCS#8 DER. */
  readonly key: Buffer;
  /** DER, the client's certificate first. */
  readonly certificates: readonly Buffer[];
  readonly friendlyName: string;
  readonly password: string;
  readonly profile: Pkcs12Profile;
}

/** macOS refuses salts longer than this. */
const saltBytes = 8;
const pbkdf2Iterations = 600_000;
const legacyIterations = 2_048;
const modernMacIterations = 100_000;

/** Key derivation purposes of RFC 7292, appendix B.3. */
const purpose = { key: 1, iv: 2, mac: 3 } as const;

const oids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  tripleDes: '1.2.840.113549.1.12.1.3',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacSha256: '1.2.840.113549.2.9',
  aes256: '2.16.840.1.101.3.4.1.42',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
};

type Node = forge.asn1.Asn1;
const binary = (bytes: Buffer): string => bytes.toString('binary');
const sequence = (...children: Node[]): Node => asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, children);
const set = (...children: Node[]): Node => asn1.create(Class.UNIVERSAL, Type.SET, true, children);
const oid = (text: string): Node =>
  asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(text).getBytes());
const octets = (bytes: Buffer): Node => asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, binary(bytes));
const integer = (value: number): Node =>
  asn1.create(Class.UNIVERSAL, Type.INTEGER, false, asn1.integerToDer(value).getBytes());
const nothing = (): Node => asn1.create(Class.UNIVERSAL, Type.NULL, false, '');
const tagged = (tag: number, child: Node): Node => asn1.create(Class.CONTEXT_SPECIFIC, tag, true, [child]);
const toDer = (node: Node): Buffer => Buffer.from(asn1.toDer(node).getBytes(), 'binary');
const fromDer = (der: Buffer): Node => asn1.fromDer(forge.util.createBuffer(binary(der)));

/** The PKCS#12 key derivation (RFC 7292, appendix B); the password as BMPString. */
function derive(
  password: string,
  salt: Buffer,
  id: number,
  iterations: number,
  length: number,
  hash: 'sha1' | 'sha256',
): Buffer {
  const key = forge.pkcs12.generateKey(
    password,
    forge.util.createBuffer(binary(salt)),
    id,
    iterations,
    length,
    forge.md[hash].create(),
  );
  return Buffer.from(key.getBytes(), 'binary');
}

/** Encrypts one bag's content; answers with the algorithm identifier and the ciphertext. */
function encrypt(
  plain: Buffer,
  password: string,
  profile: Pkcs12Profile,
): { algorithm: Node; ciphertext: Buffer } {
  const salt = randomBytes(saltBytes);
  if (profile === 'legacy') {
    const key = derive(password, salt, purpose.key, legacyIterations, 24, 'sha1');
    const iv = derive(password, salt, purpose.iv, legacyIterations, 8, 'sha1');
    const cipher = createCipheriv('des-ede3-cbc', key, iv);
    return {
      algorithm: sequence(oid(oids.tripleDes), sequence(octets(salt), integer(legacyIterations))),
      ciphertext: Buffer.concat([cipher.update(plain), cipher.final()]),
    };
  }
  const iv = randomBytes(16);
  const key = pbkdf2Sync(Buffer.from(password, 'utf8'), salt, pbkdf2Iterations, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const derivation = sequence(
    oid(oids.pbkdf2),
    sequence(octets(salt), integer(pbkdf2Iterations), sequence(oid(oids.hmacSha256), nothing())),
  );
  return {
    algorithm: sequence(oid(oids.pbes2), sequence(derivation, sequence(oid(oids.aes256), octets(iv)))),
    ciphertext: Buffer.concat([cipher.update(plain), cipher.final()]),
  };
}

/** The attributes that make importers pair key and certificate. */
function bagAttributes(friendlyName: string, localKeyId: Buffer): Node {
  const bmp = Buffer.from(friendlyName, 'utf16le').swap16();
  return set(
    sequence(oid(oids.localKeyId), set(octets(localKeyId))),
    sequence(oid(oids.friendlyName), set(asn1.create(Class.UNIVERSAL, Type.BMPSTRING, false, binary(bmp)))),
  );
}

/** The file's bytes. */
export function writePkcs12(contents: Pkcs12Contents): Buffer {
  const { password, profile, certificates } = contents;
  const attributes = bagAttributes(contents.friendlyName, randomBytes(20));
  const certificateBags = certificates.map((der, index) =>
    sequence(
      oid(oids.certificateBag),
      tagged(0, sequence(oid(oids.x509Certificate), tagged(0, octets(der)))),
      ...(index === 0 ? [attributes] : []),
    ),
  );
  const sealedCertificates = encrypt(toDer(sequence(...certificateBags)), password, profile);
  const sealedKey = encrypt(contents.key, password, profile);
  const keyBag = sequence(
    oid(oids.shroudedKeyBag),
    tagged(0, sequence(sealedKey.algorithm, octets(sealedKey.ciphertext))),
    attributes,
  );
  const safe = toDer(
    sequence(
      sequence(
        oid(oids.encryptedData),
        tagged(
          0,
          sequence(
            integer(0),
            sequence(
              oid(oids.data),
              sealedCertificates.algorithm,
              // [0] IMPLICIT OCTET STRING
              asn1.create(Class.CONTEXT_SPECIFIC, 0, false, binary(sealedCertificates.ciphertext)),
            ),
          ),
        ),
      ),
      sequence(oid(oids.data), tagged(0, octets(toDer(sequence(keyBag))))),
    ),
  );
  const hash = profile === 'legacy' ? 'sha1' : 'sha256';
  const iterations = profile === 'legacy' ? legacyIterations : modernMacIterations;
  const salt = randomBytes(saltBytes);
  const macKey = derive(password, salt, purpose.mac, iterations, hash === 'sha1' ? 20 : 32, hash);
  const mac = createHmac(hash, macKey).update(safe).digest();
  return toDer(
    sequence(
      integer(3),
      sequence(oid(oids.data), tagged(0, octets(safe))),
      sequence(
        sequence(sequence(oid(oids[hash]), nothing()), octets(mac)),
        octets(salt),
        integer(iterations),
      ),
    ),
  );
}

/** DER of a PEM certificate or key. */
export function derOf(pem: string): Buffer {
  return toDer(fromDer(Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')));
}

/** A PKCS#8 key sealed with a password (PBES2, AES-256, PBKDF2-HMAC-SHA256), as PEM. */
export function encryptKey(pkcs8: Buffer, password: string): string {
  const { algorithm, ciphertext } = encrypt(pkcs8, password, 'modern');
  const body = toDer(sequence(algorithm, octets(ciphertext)))
    .toString('base64')
    .replaceAll(/.{1,64}/g, '$&\n');
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${body}-----END ENCRYPTED PRIVATE KEY-----\n`;
}
