//! On which cores files are read, and when.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

/// For this thread and what it starts: half of the cores are for everything else, and who waits for one of the others
/// has it at once. By niceness alone a request waits for a tick of the clock now and then.
pub fn give_way() {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
    // Where it cannot be asked for, it gives way as before.
    let Ok(cores) = sched_getaffinity(None) else { return };
    let all = (0..CpuSet::MAX_CPU).filter(|core| cores.is_set(*core)).collect::<Vec<_>>();
    let mut ours = CpuSet::new();
    all.iter().skip(all.len().div_ceil(2)).for_each(|core| ours.set(*core));
    if all.len() > 1 {
        let _ = sched_setaffinity(None, &ours);
    }
}
