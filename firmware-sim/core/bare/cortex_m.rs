//! The core on a Cortex-M4, as QEMU's `mps2-an386` plays it. `cortex-m.sh` builds and runs it.
//!
//! Outside the workspace and with unsafe code: vectors, registers and semihosting have no other form. The core
//! below is the one of the product.
#![no_std]
#![no_main]

mod board;
mod exercise;

use core::arch::asm;
use core::fmt::{self, Write};
use core::mem::size_of;
use core::ptr;
use tallykey_protocol::limits::MESSAGE_MAX;

#[used]
#[unsafe(link_section = ".vectors")]
static VECTORS: [Vector; 16] = {
    let mut vectors = [Vector { handler: fault }; 16];
    vectors[0] = Vector {
        stack: &raw const top_of_stack,
    };
    vectors[1] = Vector { handler: reset };
    vectors
};

#[derive(Clone, Copy)]
union Vector {
    stack: *const u8,
    handler: extern "C" fn() -> !,
}

// Sound to share: nothing writes it.
unsafe impl Sync for Vector {}

unsafe extern "C" {
    static top_of_stack: u8;
    static mut end_of_data: u8;
}

/// What no stack frame is likely to leave behind.
const PAINT: u8 = 0xA5;

/// Coprocessor Access Control Register and SysTick (ARMv7-M B3.2.20, B3.3.2).
const CPACR: *mut u32 = 0xE000_ED88_usize as _;
const SYST_CSR: *mut u32 = 0xE000_E010_usize as _;
const SYST_RVR: *mut u32 = 0xE000_E014_usize as _;
const SYST_CVR: *mut u32 = 0xE000_E018_usize as _;

/// With `-icount shift=0` an instruction takes 1 ns, and this board's processor clock has 25 MHz.
const INSTRUCTIONS_PER_TICK: u32 = 40;

#[unsafe(no_mangle)]
extern "C" fn reset() -> ! {
    // SAFETY: registers of this processor; 24 bits of SysTick at the processor's clock, no interrupt.
    unsafe {
        CPACR.write_volatile(0xF << 20);
        SYST_RVR.write_volatile(0x00FF_FFFF);
        SYST_CVR.write_volatile(0);
        SYST_CSR.write_volatile(0b101);
    }
    main()
}

fn main() -> ! {
    paint();
    let mut cells = [0xFF; _];
    let mut before = ticks();
    let mut out = Host;
    let outcome = exercise::run(&mut cells, |step| {
        let taken = (before.wrapping_sub(ticks()) & 0x00FF_FFFF) * INSTRUCTIONS_PER_TICK;
        let _ = writeln!(out, "{:>12} instructions  {step}", taken);
        before = ticks();
    });
    let ram = deepest_stack() - size_of::<board::Cells>();
    let dongle = size_of::<tallykey_core::Dongle<board::Board<'_>>>();
    let _ = writeln!(
        out,
        "{ram:>12} bytes of RAM in all, without what stands for the flash"
    );
    let _ = writeln!(out, "{dongle:>12} bytes of it are the Dongle");
    let _ = writeln!(
        out,
        "{:>12} bytes of it are the exercise's own two messages",
        2 * MESSAGE_MAX
    );
    exit(outcome.is_some())
}

fn ticks() -> u32 {
    // SAFETY: reading SysTick's value changes nothing.
    unsafe { SYST_CVR.read_volatile() }
}

/// Fills the RAM below the stack.
#[inline(never)]
fn paint() {
    let marker = 0u8;
    let top = ptr::from_ref(&marker).addr() - 256;
    let mut at = &raw mut end_of_data;
    // SAFETY: RAM between the data and this frame, which nothing uses yet.
    unsafe {
        while at.addr() < top {
            at.write_volatile(PAINT);
            at = at.add(1);
        }
    }
}

/// Bytes of stack that were written at any time.
fn deepest_stack() -> usize {
    let mut at = &raw const end_of_data;
    // SAFETY: RAM; what is looked for lies below the frame of this very function.
    unsafe {
        while at.read_volatile() == PAINT {
            at = at.add(1);
        }
        (&raw const top_of_stack).addr() - at.addr()
    }
}

/// The console of whoever runs QEMU (Arm semihosting, SYS_WRITE0 for each piece).
struct Host;

impl Write for Host {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.as_bytes().chunks(63) {
            let mut line = [0; 64];
            line[..piece.len()].copy_from_slice(piece);
            call(0x04, line.as_ptr().addr());
        }
        Ok(())
    }
}

/// SYS_EXIT with ADP_Stopped_ApplicationExit, or ADP_Stopped_RunTimeErrorUnknown.
fn exit(good: bool) -> ! {
    call(0x18, if good { 0x20026 } else { 0x20023 });
    loop {
        core::hint::spin_loop();
    }
}

fn call(operation: usize, argument: usize) {
    // SAFETY: a semihosting call; the host reads what `argument` points to and changes r0 only.
    unsafe {
        asm!("bkpt 0xAB", inout("r0") operation => _, in("r1") argument);
    }
}

extern "C" fn fault() -> ! {
    let _ = Host.write_str("the processor met a fault\n");
    exit(false)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ = writeln!(Host, "{info}");
    exit(false)
}
