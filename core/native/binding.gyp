# The addon: the plain library in src/ and the Node-API binding, in one shared object. Built by
# bin/dev/build-addon.mjs, which puts the pinned Node first in PATH, so that `node` below is that one.
# It links neither OpenSSL nor libuv: both are inside the Node binary.
{
  'variables': {
    # 0 for compilers newer than the ones this is tested with
    'warnings_are_errors%': 1,
    'list_sources': "node -p \"require('fs').globSync('{src,binding}/**/*.cpp').sort().join(' ')\"",
  },
  'targets': [
    {
      'target_name': 'ocserv',
      'sources': [ '<!@(<(list_sources))' ],
      'include_dirs': [ 'src', 'binding' ],
      'defines': [
        'NAPI_VERSION=10',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        'NODE_OPENSSL_VERSION="<!(node -p process.versions.openssl)"',
      ],
      'cflags': [
        '-O3', '-fvisibility=hidden', '-Wall', '-Wextra', '-Wshadow=local',
        # GCC 12 sees overlaps in std::string that are not there (its bug 105651)
        '-Wno-restrict',
        # headers of others: their warnings are not ours
        '-isystem', '<!(node -p "require(\'path\').resolve(\'../../node_modules/node-addon-api\')")',
      ],
      'cflags_cc': [ '-std=gnu++20', '-fvisibility-inlines-hidden' ],
      'conditions': [
        ['warnings_are_errors==1', { 'cflags': [ '-Werror' ] }],
      ],
      'ldflags': [ '-Wl,-z,relro,-z,now' ],
    },
    # One conversation with PAM in a process of its own; why, says pam/main.cpp. Uses nothing of Node.
    {
      'target_name': 'ocserv-pam',
      'type': 'executable',
      'sources': [ '<!@(node -p "require(\'fs\').globSync(\'pam/*.cpp\').sort().join(\' \')")' ],
      'include_dirs': [ 'pam' ],
      'cflags': [ '-O2', '-fvisibility=hidden', '-Wall', '-Wextra', '-Wshadow=local', '-Wno-restrict' ],
      'cflags_cc': [ '-std=gnu++20', '-fvisibility-inlines-hidden' ],
      'conditions': [
        ['warnings_are_errors==1', { 'cflags': [ '-Werror' ] }],
      ],
      'ldflags!': [ '-rdynamic' ],
      'ldflags': [ '-Wl,-z,relro,-z,now' ],
      'libraries': [ '-ldl' ],
    },
  ],
}
