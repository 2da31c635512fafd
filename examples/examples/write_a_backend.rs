//! A backend of one's own beside the built-in one: the pool gives each its own nonces and checks every answer.

use nano_pow::{Backend, BackendError, CpuBackend, Job, Pool, Task};
use nano_primitives::{Difficulty, Root, Work};
use std::error::Error;

/// One nonce after the other, by the plain definition.
#[derive(Debug)]
struct Plain;

impl Backend for Plain {
    fn name(&self) -> String {
        "plain".into()
    }

    fn search(&self, task: &Task<'_>) -> Result<Option<Work>, BackendError> {
        for work in task.nonces().iter().take_while(|_| !task.is_stopped()) {
            task.count(1);
            if task.job().check(work).is_ok() {
                return Ok(Some(work));
            }
        }
        Ok(None)
    }
}

/// A device gone bad: it says that it found something, and has not.
#[derive(Debug)]
struct Liar;

impl Backend for Liar {
    fn name(&self) -> String {
        "liar".into()
    }

    fn search(&self, _: &Task<'_>) -> Result<Option<Work>, BackendError> {
        Ok(Some(Work::from_u64(0)))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let pool = Pool::new(vec![Box::new(Plain), Box::new(Liar), Box::new(CpuBackend::new(1))]);
    let job = Job::new(Root::from_bytes([7; 32]), Difficulty::from_u64(0xffff_f000_0000_0000));
    let solution = pool.submit(job).wait()?;
    println!("work {} has the value {}", solution.work(), solution.value());
    println!("{:#?}", pool.status());
    Ok(())
}
