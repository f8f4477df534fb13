#!/usr/bin/env bash
# Puts a Python host into the guest: the interpreter, and of its modules and packages only those that the host loads,
# each at the place where this machine has it.
#
# usage: tests/vm/python.sh PYTHON GUEST
set -euo pipefail
python=$1 guest=$2
here=$(dirname "$0")/../third_party

loaded='import hidraw, os, sys
print(os.path.realpath(sys.executable))
for name, module in sys.modules.items():
    file = getattr(module, "__file__", None)
    if file and name not in ("hidraw", "__main__"):
        print(file)'
(cd "$here" && "$python" -c "$loaded") | while read -r file; do
    install -D -m 755 "$file" "$guest$file"
done
interpreter=$(cd "$here" && "$python" -c 'import os, sys; print(os.path.realpath(sys.executable))')
packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
# An emulated CPU would need seconds to compile them.
"$interpreter" -m compileall -q --invalidation-mode unchecked-hash "$guest${interpreter%/bin/*}/lib" "$guest$packages" >/dev/null

install -m 755 "$here/hidraw.py" "$guest/test/hidraw.py"
printf '#!/bin/sh\nPYTHONPATH=%s exec %s -S /test/hidraw.py "$@"\n' "$packages" "$interpreter" >"$guest/usr/bin/fido2_hidraw"
chmod 755 "$guest/usr/bin/fido2_hidraw"
