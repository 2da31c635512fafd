// Figures as people read them.
const RAW_PER_XNO = 10n ** 30n;

/** Raw, as a text of digits, in XNO with at most six places: nothing is rounded up. */
export function xno(raw) {
  const value = BigInt(raw);
  const places = String(value % RAW_PER_XNO).padStart(30, "0").slice(0, 6).replace(/0+$/, "");
  const whole = String(value / RAW_PER_XNO);
  if (places) return `${whole}.${places}`;
  return whole === "0" && value > 0n ? "< 0.000001" : whole;
}

/** Raw in XNO as a number, for drawing. */
export const xnoNumber = (raw) => Number(BigInt(raw) / 10n ** 18n) / 1e12;

const scaled = (value, units) => {
  let unit = 0;
  while (value >= 999.95 && unit + 1 < units.length) { value /= 1000; unit += 1; }
  const places = unit === 0 && Number.isInteger(value) ? 0 : value < 9.95 ? 2 : 1;
  return `${value.toFixed(places)} ${units[unit]}`;
};

export const hashrate = (rate) => scaled(rate, ["H/s", "kH/s", "MH/s", "GH/s", "TH/s"]);
export const hashes = (count) => scaled(count, ["", "k", "M", "G", "T", "P", "E"]).trim();
export const percent = (share) => `${(share * 100).toFixed(share > 0.0995 ? 0 : 1)} %`;

export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 100) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (days > 0) return `${days} d ${hours % 24} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** A moment, as exact as the range needs. */
export function moment(ms, range) {
  return range === "month" ? DAY.format(ms) : CLOCK.format(ms);
}

export const fullMoment = (ms) => `${DAY.format(ms)} ${CLOCK.format(ms)}`;
