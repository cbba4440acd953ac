//! What the values of keys may be.

use super::parts::{FILE, HEALTHCHECK, PROFILE_SETTINGS, RUN, SECRET};
use crate::spec::formats::*;
use crate::spec::table::Shape;

pub(super) static ANY_TEXT: Shape = Shape::text(&ANY);
pub(super) static BOOL: Shape = Shape::bool();

pub(super) static PACKAGE_NAME: Shape = Shape::text(&PACKAGE);
pub(super) static BIN_NAME: Shape = Shape::text(&BIN);
pub(super) static BINS: Shape = Shape::many("a binary's name or a list of them", &BIN, &BIN_NAME);
pub(super) static FEATURE_NAME: Shape = Shape::text(&FEATURE);
pub(super) static FEATURES: Shape =
    Shape::many("a feature or a list of them", &FEATURE, &FEATURE_NAME);
pub(super) static PROFILE_NAME: Shape = Shape::text(&PROFILE);
pub(super) static PROFILE_FORM: Shape = Shape::text(&PROFILE)
    .or_block(&PROFILE_SETTINGS)
    .called("a Cargo profile, or a mapping of its settings");
pub(super) static OPT_LEVEL_NAME: Shape = Shape::text(&OPT_LEVEL);
pub(super) static TARGET_NAME: Shape = Shape::text(&TARGET);
pub(super) static TOOLCHAIN_NAME: Shape = Shape::text(&TOOLCHAIN);
pub(super) static IMAGE_NAME: Shape = Shape::text(&IMAGE);
pub(super) static SYSTEM_PACKAGE_NAME: Shape = Shape::text(&SYSTEM_PACKAGE);
pub(super) static SYSTEM_PACKAGES: Shape = Shape::many(
    "a system package or a list of them",
    &SYSTEM_PACKAGE,
    &SYSTEM_PACKAGE_NAME,
);
pub(super) static ENV_ITEM: Shape = Shape::text(&ENV_PAIR);
pub(super) static ENV: Shape =
    Shape::open("a mapping of variables", &ENV_NAME, &ANY_TEXT).or_list(&ENV_ITEM);
pub(super) static LABEL_ITEM: Shape = Shape::text(&LABEL_PAIR);
pub(super) static LABELS: Shape =
    Shape::open("a mapping of labels", &LABEL, &ANY_TEXT).or_list(&LABEL_ITEM);
pub(super) static SOME_TEXT: Shape = Shape::text(&SOME);
pub(super) static FLAGS: Shape = Shape::many("flags or a list of them", &SOME, &SOME_TEXT);
pub(super) static CONTEXT: Shape = Shape::text(&CONTEXT_PATH);
pub(super) static CONTEXTS: Shape =
    Shape::many("a path or a list of them", &CONTEXT_PATH, &CONTEXT);
pub(super) static ID_TEXT: Shape = Shape::text(&ID);
pub(super) static IDS: Shape = Shape::many("an id or a list of them", &ID, &ID_TEXT);
pub(super) static ABSOLUTE: Shape = Shape::text(&IMAGE_PATH);
pub(super) static ABSOLUTES: Shape =
    Shape::many("an absolute path or a list of them", &IMAGE_PATH, &ABSOLUTE);
pub(super) static NAME_OF_ENV: Shape = Shape::text(&ENV_NAME);
pub(super) static USER_NAME: Shape = Shape::text(&USER);
pub(super) static PORT_NUMBER: Shape = Shape::text(&PORT);
pub(super) static PORTS: Shape = Shape::many("a port or a list of them", &PORT, &PORT_NUMBER);
pub(super) static MODE_BITS: Shape = Shape::text(&MODE);
pub(super) static SIGNAL_NAME: Shape = Shape::text(&SIGNAL);
pub(super) static DURATION_TEXT: Shape = Shape::text(&DURATION);
pub(super) static UNITS_NUMBER: Shape = Shape::text(&UNITS);
pub(super) static COUNT_NUMBER: Shape = Shape::text(&COUNT);
pub(super) static COMMAND: Shape = Shape::many(
    "a word, or a list of a program and its arguments",
    &WORD,
    &ANY_TEXT,
);
pub(super) static ARGUMENTS: Shape =
    Shape::many("a word, or a list of arguments", &WORD, &ANY_TEXT);
pub(super) static WORD_TEXT: Shape = Shape::text(&WORD);
pub(super) static WORDS: Shape = Shape::many("an argument or a list of them", &WORD, &WORD_TEXT);
pub(super) static LINT_CODE: Shape = Shape::text(&LINT);
pub(super) static LINTS: Shape = Shape::many("a lint's code or a list of them", &LINT, &LINT_CODE);
pub(super) static SECRET_ITEM: Shape = Shape::text(&ID)
    .or_block(&SECRET)
    .called("a secret's id, or a mapping with `id`");
pub(super) static SECRETS: Shape = Shape::many("a list of secrets", &ID, &SECRET_ITEM);
pub(super) static RUN_CMD: Shape =
    Shape::many("a shell line, or a list of words", &SOME, &ANY_TEXT);
pub(super) static RUN_ITEM: Shape =
    Shape::many("a shell line, or a list of words", &SOME, &ANY_TEXT)
        .or_block(&RUN)
        .called("a shell line, a list of words, or a mapping with `cmd`");
pub(super) static RUNS: Shape = Shape::many("a list of commands", &SOME, &RUN_ITEM);
pub(super) static FILE_TARGET: Shape = Shape::text(&IMAGE_PATH)
    .or_block(&FILE)
    .called("an absolute path, or a mapping with `to`");
pub(super) static FILES: Shape = Shape::open(
    "a mapping of context paths to image paths",
    &CONTEXT_PATH,
    &FILE_TARGET,
);
pub(super) static HEALTH: Shape =
    Shape::many("a list of words, or a mapping with `cmd`", &WORD, &ANY_TEXT)
        .or_block(&HEALTHCHECK);
