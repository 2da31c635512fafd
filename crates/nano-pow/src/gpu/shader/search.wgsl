// Searches the offsets from `order.start` to `order.end` for the first whose value reaches the
// threshold. `found` keeps the least such offset of all submissions since it was reset, so whatever
// comes after it ends soon.

@group(0) @binding(0) var<uniform> uniform_order: Order;
@group(0) @binding(1) var<storage, read_write> found: atomic<u32>;

@compute @workgroup_size(LANES)
fn search(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let order = uniform_order;
    let first = order.start + (group.y * ROW + group.x) * (LANES * TURNS) + lane;
    if atomicLoad(&found) <= first {
        return;
    }
    for (var turn = 0u; turn < TURNS; turn++) {
        let offset = first + turn * LANES;
        if offset >= order.end {
            return;
        }
        if reaches(value(order.root, nonce(order, offset)), order.threshold) {
            atomicMin(&found, offset);
            return;
        }
    }
}
