//! A backend of one's own beside the built-in one: the pool gives each its own nonces and checks every answer.

use nano_pow::{Backend, BackendError, CpuBackend, DeviceInfo, Pool, Puzzle, Task, backend_fn};
use nano_primitives::{Difficulty, Root, Work};
use std::error::Error;

/// One nonce after the other, by the plain definition.
#[derive(Debug)]
struct Plain;

impl Backend for Plain {
    fn info(&self) -> DeviceInfo {
        DeviceInfo::new("plain")
    }

    fn search(&self, tasks: &[Task<'_>]) -> Result<(), BackendError> {
        for task in tasks {
            for work in task.nonces().iter().take_while(|_| !task.is_stopped()) {
                task.count(1);
                if task.puzzle().check(work).is_ok() {
                    task.found(work);
                }
            }
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // A device gone bad: it says that it found something, and has not. A closure is a backend too.
    let liar = backend_fn("liar", |task| {
        task.found(Work::from_u64(0));
        Ok(())
    });
    let pool = Pool::new(vec![Box::new(Plain), Box::new(liar), Box::new(CpuBackend::new(1))]);
    let puzzle =
        Puzzle::new(Root::from_bytes([7; 32]), Difficulty::from_u64(0xffff_f000_0000_0000));
    let solution = pool.submit(puzzle).wait()?;
    println!("work {} has the value {}", solution.work(), solution.value());
    println!("{:#?}", pool.status());
    Ok(())
}
