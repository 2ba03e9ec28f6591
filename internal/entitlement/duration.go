package entitlement

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxDuration is the longest duration that is read: 3,660 days, the longest that
// a policy may give access for (graph: governance service limits).
const MaxDuration = 3660 * 24 * time.Hour

// ParseDuration reads an Edm.Duration (ISO 8601 days and time), and the forms in
// which SDKs send one: weeks ("P2W"), weeks with days ("P52W1D"), and "P" for zero.
// Years and months have no fixed length and are refused, as is anything negative,
// or longer than MaxDuration.
func ParseDuration(s string) (time.Duration, error) {
	rest, ok := strings.CutPrefix(s, "P")
	if !ok {
		return 0, fmt.Errorf("%q is not an ISO 8601 duration such as P14D or PT1H: it does not start with P", clip(s))
	}
	var total time.Duration
	inTime, last := false, -1
	if rest == "T" {
		return 0, fmt.Errorf("%q has a T without hours, minutes or seconds", clip(s))
	}
	for rest != "" {
		if rest[0] == 'T' {
			if inTime || len(rest) == 1 {
				return 0, fmt.Errorf("%q has a misplaced T", clip(s))
			}
			inTime, rest = true, rest[1:]
			continue
		}
		n := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n <= 0 || n > 16 {
			return 0, fmt.Errorf("%q is not an ISO 8601 duration such as P14D or PT1H", clip(s))
		}
		unit, rank, err := durationUnit(rest[n], inTime)
		if err != nil {
			return 0, fmt.Errorf("%q: %w", clip(s), err)
		}
		if rank <= last {
			return 0, fmt.Errorf("%q repeats a part or has it in the wrong place", clip(s))
		}
		last = rank
		part, err := durationPart(rest[:n], unit)
		if err != nil {
			return 0, fmt.Errorf("%q: %w", clip(s), err)
		}
		if total += part; total > MaxDuration {
			return 0, fmt.Errorf("%q is longer than the most, %s", clip(s), FormatDuration(MaxDuration))
		}
		rest = rest[n+1:]
	}
	return total, nil
}

func durationUnit(c byte, inTime bool) (time.Duration, int, error) {
	switch {
	case !inTime && c == 'W':
		return 7 * 24 * time.Hour, 0, nil
	case !inTime && c == 'D':
		return 24 * time.Hour, 1, nil
	case inTime && c == 'H':
		return time.Hour, 2, nil
	case inTime && c == 'M':
		return time.Minute, 3, nil
	case inTime && c == 'S':
		return time.Second, 4, nil
	case !inTime && (c == 'Y' || c == 'M'):
		return 0, 0, fmt.Errorf("years and months have no fixed length; give days, hours, minutes and seconds")
	}
	return 0, 0, fmt.Errorf("there is no unit %q here", string(rune(c)))
}

func durationPart(digits string, unit time.Duration) (time.Duration, error) {
	whole, frac, hasFrac := strings.Cut(digits, ".")
	if hasFrac && (unit != time.Second || frac == "" || strings.Contains(frac, ".")) {
		return 0, fmt.Errorf("only seconds may have a fraction")
	}
	if whole == "" {
		return 0, fmt.Errorf("%s is not a number", digits)
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > int64(MaxDuration/unit) {
		return 0, fmt.Errorf("%s is too large", digits)
	}
	part := time.Duration(n) * unit
	if hasFrac {
		nanos, err := strconv.ParseInt((frac + "000000000")[:9], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s is not a number", digits)
		}
		part += time.Duration(nanos)
	}
	return part, nil
}

// FormatDuration writes d in days and time ("P14D", "PT1H", "P1DT12H", "PT0S"),
// the form that every Graph SDK reads. A negative d is written as zero.
func FormatDuration(d time.Duration) string {
	if d <= 0 {
		return "PT0S"
	}
	var b strings.Builder
	b.WriteByte('P')
	if days := d / (24 * time.Hour); days > 0 {
		fmt.Fprintf(&b, "%dD", days)
		d -= days * 24 * time.Hour
	}
	if d == 0 {
		return b.String()
	}
	b.WriteByte('T')
	if h := d / time.Hour; h > 0 {
		fmt.Fprintf(&b, "%dH", h)
		d -= h * time.Hour
	}
	if m := d / time.Minute; m > 0 {
		fmt.Fprintf(&b, "%dM", m)
		d -= m * time.Minute
	}
	if d > 0 {
		b.WriteString(strings.TrimRight(strings.TrimRight(fmt.Sprintf("%d.%09d", d/time.Second, d%time.Second), "0"), "."))
		b.WriteByte('S')
	}
	return b.String()
}

// clip keeps a caller's text short in a message.
func clip(s string) string {
	const most = 64
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
