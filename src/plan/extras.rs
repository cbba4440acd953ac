//! Programs and data of the distribution's packages that go into an image: an init, time zones, a shell.

use super::toolchain::Toolchain;
use super::{Exec, Mount, MountKind, Op, Output, Plan, Role};
use crate::platform::Platform;
use crate::source::Span;

/// Takes something out of the packages of the build image's distribution, for the image's architecture.
///
/// Nothing of the other architecture runs, so that it needs no emulation. Arguments: what, Debian's name
/// of the architecture, Alpine's. The bytes are part of cache keys.
const FETCH_EXTRA: &str = "\
#!/bin/sh
set -eu
what=$1 debian=$2 alpine=$3
unpacked=/tmp/$what
mkdir -p \"$unpacked/native\" \"$unpacked/image\"
cd \"$unpacked\"
if command -v apt-get >/dev/null; then
  native=$(dpkg --print-architecture)
  [ \"$debian\" = \"$native\" ] || dpkg --add-architecture \"$debian\"
  apt-get -qq update
  unpack() {
    apt-get -qq -o APT::Sandbox::User=root download \"$1\"
    for file in *.deb; do dpkg-deb --extract \"$file\" \"$2\"; rm \"$file\"; done
  }
  case $what in
    zoneinfo) unpack tzdata image ;;
    tini) unpack \"tini:$debian\" image ;;
    busybox)
      unpack \"busybox-static:$native\" native
      unpack \"busybox-static:$debian\" image
      ;;
  esac
elif command -v apk >/dev/null; then
  unpack() {
    apk fetch --no-cache --arch \"$2\" --keys-dir /usr/share/apk/keys \"$1\"
    for file in *.apk; do tar -xzf \"$file\" -C \"$3\"; rm \"$file\"; done
  }
  case $what in
    zoneinfo) unpack tzdata \"$alpine\" image ;;
    tini) unpack tini-static \"$alpine\" image ;;
    busybox)
      unpack busybox-static \"$(apk --print-arch)\" native
      unpack busybox-static \"$alpine\" image
      ;;
  esac
else
  echo \"no apt-get and no apk in the build image: its packages cannot give $what\" >&2
  exit 1
fi
busybox() { find \"$1\" -type f \\( -name busybox -o -name busybox.static \\) -path '*bin/*'; }
case $what in
  zoneinfo) cp -a image/usr/share/zoneinfo /extra/ ;;
  tini) cp \"$(find image -type f -name tini-static)\" /extra/tini ;;
  busybox)
    mkdir /extra/busybox
    cp \"$(busybox image)\" /extra/busybox/busybox
    for name in $(\"$(busybox native)\" --list); do
      [ \"$name\" = busybox ] || ln -s busybox \"/extra/busybox/$name\"
    done
    ;;
esac
";

/// What can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extra {
    /// `/zoneinfo`.
    TimeZones,
    /// `/tini`, static.
    Init,
    /// `/busybox` with a link for each of its programs, static.
    Busybox,
}

impl Extra {
    /// The script's word for it.
    fn word(self) -> &'static str {
        match self {
            Extra::TimeZones => "zoneinfo",
            Extra::Init => "tini",
            Extra::Busybox => "busybox",
        }
    }
}

/// Adds the step that takes it; it does not depend on what is compiled.
pub(super) fn add(
    plan: &mut Plan,
    toolchain: &Toolchain,
    extra: Extra,
    span: Option<Span>,
) -> Output {
    const DIR: &str = "/extra";
    let (script, path) = plan.script("extra", FETCH_EXTRA);
    let (debian, alpine) = architecture(&plan.platform);
    let args = [&path, extra.word(), &debian, &alpine];
    let exec = Exec {
        args: args.map(ToOwned::to_owned).to_vec(),
        env: toolchain.image_env.clone(),
        cwd: "/".into(),
        mounts: vec![
            script,
            Mount::new("/", MountKind::Output(Some(toolchain.base.clone()))),
            Mount::new(DIR, MountKind::Output(None)),
        ],
        network: true,
        ..Exec::default()
    };
    let name = format!("{} from packages", extra.word());
    let step = plan.push(Role::Image, name, Op::Exec(exec), span);
    Output::at(step, DIR)
}

/// Debian's and Alpine's names of a platform's architecture.
fn architecture(platform: &Platform) -> (String, String) {
    let (debian, alpine) = match (platform.architecture.as_str(), platform.variant.as_str()) {
        ("amd64", _) => ("amd64", "x86_64"),
        ("arm64", _) => ("arm64", "aarch64"),
        ("arm", "v5" | "v6") => ("armel", "armhf"),
        ("arm", _) => ("armhf", "armv7"),
        ("386", _) => ("i386", "x86"),
        ("ppc64le", _) => ("ppc64el", "ppc64le"),
        ("loong64", _) => ("loong64", "loongarch64"),
        (other, _) => (other, other),
    };
    (debian.into(), alpine.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_have_the_names_of_the_distribution() {
        let names = |platform: &str| architecture(&platform.parse().unwrap());
        assert_eq!(names("linux/amd64"), ("amd64".into(), "x86_64".into()));
        assert_eq!(names("linux/arm/v7"), ("armhf".into(), "armv7".into()));
        assert_eq!(names("linux/s390x"), ("s390x".into(), "s390x".into()));
    }
}
