// Amounts as people write them. An account's text is checked as far as it goes here; its checksum is for the program.
import { xno } from "./format.js";

const ACCOUNT = /^(nano|xrb|ban)_[13][13456789abcdefghijkmnopqrstuwxyz]{59}$/;

/** Decimal XNO in raw, to the last digit. Throws what is wrong. */
export function rawOf(text, decimals = 30) {
  const written = text.trim();
  const parts = /^(\d*)(?:\.(\d*))?$/.exec(written);
  if (!written || !parts || !(parts[1] || parts[2])) throw new Error(`wanted a number such as 1.5, found "${written}"`);
  const places = parts[2] ?? "";
  if (places.length > decimals) throw new Error(`wanted at most ${decimals} places after the point, found ${places.length}`);
  const raw = BigInt((parts[1] || "0") + places.padEnd(decimals, "0"));
  if (raw >= 2n ** 128n) throw new Error("that is more than all money there is");
  return raw;
}

/** Raw as a decimal number of XNO, to the last digit. */
export function exact(raw) {
  const digits = String(raw).padStart(31, "0");
  const places = digits.slice(-30).replace(/0+$/, "");
  return digits.slice(0, -30) + (places ? `.${places}` : "");
}

export function accountOf(text) {
  const written = text.trim();
  if (!ACCOUNT.test(written)) throw new Error(written ? `"${written.slice(0, 70)}" is no account, wanted nano_ and 60 characters` : "wanted an account: nano_…");
  return written;
}

/** What part of a payment a fee is, in words. */
export function share(fee, payment) {
  if (payment === null || payment === 0n) return "";
  const percent = Number(BigInt(fee) * 10n ** 12n / payment) / 1e10;
  const text = percent >= 100 ? percent.toFixed(0) : percent >= 0.001 ? String(Number(percent.toPrecision(2))) : percent === 0 ? "0" : "< 0.001";
  return `${text} % of ${xno(payment)} XNO`;
}

/** Payments of a CSV, `destination,amount` a line. What is wrong is thrown with its line. */
export function ordersOf(text, decimals) {
  const orders = [], wrong = [];
  text.split(/\r?\n/).forEach((line, index) => {
    const row = line.trim();
    if (!row || row.startsWith("#") || (index === 0 && /^"?destination/i.test(row))) return;
    const fields = row.split(",").map((field) => field.trim().replace(/^"(.*)"$/, "$1"));
    try {
      if (fields.length !== 2) throw new Error(`found ${fields.length} fields, wanted 2: destination,amount`);
      const amount = rawOf(fields[1], decimals);
      if (amount === 0n) throw new Error("sends nothing");
      orders.push({ send: { destination: accountOf(fields[0]), amount: String(amount) } });
    } catch (error) {
      wrong.push(`line ${index + 1}: ${error.message}`);
    }
  });
  if (wrong.length > 0) throw new Error(wrong.slice(0, 8).join("\n") + (wrong.length > 8 ? `\n… and ${wrong.length - 8} more` : ""));
  if (orders.length === 0) throw new Error("found no payment, wanted at least one line of destination,amount");
  return orders;
}
