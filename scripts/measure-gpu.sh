#!/usr/bin/env bash
# Measures this machine's graphics cards: the rate of every kernel with clocks and power, the time
# to the first result of a receive and of a send, small jobs one by one and in batches, and the rate
# together with the processor.
#
#   scripts/measure-gpu.sh [SECONDS]      seconds for each measurement, 10 unless told
#
# GPU_BENCH=FILE    the program `benches/gpu.rs`, built elsewhere (else it is built here)
# GPU_ARGS=ARGS     more arguments for it, such as --software
# NANO_RSPOW=FILE   the peer, else `nano-rspow` where it is installed (cargo install nano-rspow-cli)
#
# Clocks and power are read by nvidia-smi, where it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-10}
scratch=$(mktemp -d)
samples=$scratch/samples.csv
out=$scratch/out.txt
sampler=
trap '[ -z "$sampler" ] || kill "$sampler" 2>/dev/null; rm -rf "$scratch"' EXIT

build() {
    cargo bench -p nano-pow --features gpu --bench gpu --no-run --message-format=json |
        sed -n 's/.*"name":"gpu".*"executable":"\([^"]*\)".*/\1/p' | tail -n 1
}

bench() {
    # shellcheck disable=SC2086 # several arguments
    "$bench_program" --seconds "$seconds" ${GPU_ARGS:-} "$@"
}

have_smi() { command -v nvidia-smi >/dev/null; }

# Hashes per clock of one multiprocessor: 64 operations on its integer pipe per clock, of which a
# hash needs 1685 if every rotation is two funnel shifts and every addition two adders (docs/work.md).
multiprocessors() {
    case $(nvidia-smi --query-gpu=name --format=csv,noheader -i 0) in
        *H100*PCIe*) echo 114 ;;
        *H100* | *H200*) echo 132 ;;
        *) echo 0 ;;
    esac
}

start_sampling() {
    have_smi || return 0
    nvidia-smi -i 0 --query-gpu=clocks.sm,power.draw,utilization.gpu --format=csv,noheader,nounits \
        -lms 200 >"$samples" &
    sampler=$!
}

# Means over the samples in which the card was busy, and what the rate is of the ceiling at that
# clock.
stop_sampling() {
    have_smi || return 0
    kill "$sampler" && wait "$sampler" 2>/dev/null || true
    sampler=
    awk -F', *' -v rate="$1" -v sms="$(multiprocessors)" '
        $3 >= 90 { clock += $1; power += $2; n++ }
        END {
            if (!n) { print "  the card was not busy"; exit }
            clock /= n; power /= n
            printf "  SM clock %.0f MHz, power %.0f W, %.1f MH/J", clock, power, rate / power
            if (sms) printf ", %.1f %% of the ceiling", 100 * rate / (clock * sms * 64 / 1685)
            print ""
        }' "$samples"
}

# The first card's: the one that nvidia-smi calls 0.
rate_of() { awk -v kernel="$1" '$0 ~ "^gpu .*, " kernel "\\)" { print $(NF - 1); exit }' "$2"; }

echo "== machine"
date -u +%FT%TZ
uname -srm
git log -1 --format='commit %h' 2>/dev/null || true
nproc --all | sed 's/$/ processors/'
if have_smi; then
    nvidia-smi --query-gpu=index,name,driver_version,clocks.max.sm,power.limit --format=csv,noheader
else
    echo "clocks and power: no nvidia-smi"
fi
bench_program=${GPU_BENCH:-$(build)}

for kernel in mixed u64 u32; do
    echo "== rate of kernel $kernel"
    start_sampling
    bench --phase rate --kernel "$kernel" | tee "$out"
    rate=$(rate_of "$kernel" "$out")
    stop_sampling "${rate:-0}"
done
echo "== time to the first result"
bench --phase latency
echo "== small jobs from a queue"
bench --phase queue
echo "== together with the processor"
bench --phase together

peer=${NANO_RSPOW:-$(command -v nano-rspow || true)}
if [ -n "$peer" ]; then
    echo "== peer: nano-rspow, random works"
    "$peer" benchmark --backend gpu --tier send --count 100
fi
