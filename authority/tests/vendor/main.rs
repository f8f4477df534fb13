//! The vendor's program from outside: files in, files out, exit codes.

mod home;
mod inspect;
mod keys;
