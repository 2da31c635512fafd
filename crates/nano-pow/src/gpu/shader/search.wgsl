// Searches the offsets from `input.start` to `input.end` for the first whose value reaches the
// threshold. `found` keeps the least such offset of all submissions since it was reset, so whatever
// comes after it ends soon.

@group(0) @binding(0) var<uniform> uniform_input: Input;
@group(0) @binding(1) var<storage, read_write> found: atomic<u32>;

@compute @workgroup_size(LANES)
fn search(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let input = uniform_input;
    let first = input.start + (group.y * ROW + group.x) * (LANES * TURNS) + lane;
    if atomicLoad(&found) <= first {
        return;
    }
    for (var turn = 0u; turn < TURNS; turn++) {
        let offset = first + turn * LANES;
        if offset >= input.end {
            return;
        }
        if reaches(value(input.root, nonce(input, offset)), input.threshold) {
            atomicMin(&found, offset);
            return;
        }
    }
}
