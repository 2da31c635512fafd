// Writes down the value of every offset from `input.start` to `input.end`: for tests.

@group(0) @binding(0) var<uniform> uniform_input: Input;
@group(0) @binding(1) var<storage, read_write> values: array<Word>;

@compute @workgroup_size(LANES)
fn values_of(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let input = uniform_input;
    let offset = input.start + (group.y * ROW + group.x) * LANES + lane;
    if offset < input.end {
        values[offset] = value(input.root, nonce(input, offset));
    }
}
