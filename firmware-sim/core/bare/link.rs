//! The proof that core and protocol need neither std nor a heap: a program with its own panic handler, without
//! an allocator, that links both and runs them. `link.sh` builds it.
//!
//! It stands outside the workspace: it is no crate of the product, and it must name an unsafe attribute, which
//! every crate of the product forbids.
#![no_std]
#![no_main]

mod board;
mod exercise;

/// What would need a heap must not link; with this, `link.sh` sees that it does not.
#[cfg(with_heap)]
extern crate alloc;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// Called by the C start-up of the host's own linker; 0 if all went well.
// Unsafe as an attribute only: the name must not be given twice, and there is one `main`.
#[unsafe(no_mangle)]
pub extern "C" fn main() -> i32 {
    match exercise::run(&mut [0xFF; _], |_| ()) {
        Some(()) => 0,
        None => 1,
    }
}
