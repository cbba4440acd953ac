fn main() {
    println!("cargo::rerun-if-changed=c/adler32.c");
    cc::Build::new().file("c/adler32.c").compile("adler32");
}
