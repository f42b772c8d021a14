// The certificate library with the metadata polyfill it needs loaded first. Imported instead of the package itself.
import 'reflect-metadata';
export * from '@peculiar/x509';
