// Writes down the value of every offset from `order.start` to `order.end`: for tests.

@group(0) @binding(0) var<uniform> uniform_order: Order;
@group(0) @binding(1) var<storage, read_write> values: array<Word>;

@compute @workgroup_size(LANES)
fn values_of(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let order = uniform_order;
    let offset = order.start + (group.y * ROW + group.x) * LANES + lane;
    if offset < order.end {
        values[offset] = value(order.root, nonce(order, offset));
    }
}
