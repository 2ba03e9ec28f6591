package entitlement

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const day = 24 * time.Hour

func TestParseDurationReadsWhatSDKsSend(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"P":                  0,
		"P0D":                0,
		"PT0S":               0,
		"P14D":               14 * day,
		"P2W":                14 * day,
		"P52W1D":             365 * day,
		"P1DT12H":            36 * time.Hour,
		"PT1H":               time.Hour,
		"PT5M":               5 * time.Minute,
		"PT90M":              90 * time.Minute,
		"PT1H30M15S":         time.Hour + 30*time.Minute + 15*time.Second,
		"PT0.5S":             500 * time.Millisecond,
		"PT1.000000001S":     time.Second + 1,
		"PT0.1234567899S":    123456789,
		"P3660D":             MaxDuration,
		"P0000000000014D":    14 * day,
		"PT87840H":           MaxDuration,
		"P1W1DT1H1M1.1S":     8*day + time.Hour + time.Minute + 1100*time.Millisecond,
		"P0W0DT0H0M0.0S":     0,
		"P10DT0.999999999S":  10*day + 999999999,
		"P3659DT23H59M59.9S": MaxDuration - 100*time.Millisecond,
	} {
		got, err := ParseDuration(in)
		if err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
}

func TestParseDurationRefusesTheRestAndSaysWhy(t *testing.T) {
	for in, why := range map[string]string{
		"":                                    "does not start with P",
		"14D":                                 "does not start with P",
		"-P1D":                                "does not start with P",
		"+P1D":                                "does not start with P",
		"p1d":                                 "does not start with P",
		"P-1D":                                "is not an ISO 8601 duration",
		"P1":                                  "is not an ISO 8601 duration",
		"PD":                                  "is not an ISO 8601 duration",
		"P1D ":                                "is not an ISO 8601 duration",
		"PT":                                  "T without",
		"P1DT":                                "misplaced T",
		"PT1HT1M":                             "misplaced T",
		"P1Y":                                 "no fixed length",
		"P1M":                                 "no fixed length",
		"P1Y2M3D":                             "no fixed length",
		"P1H":                                 "no unit",
		"PT1D":                                "no unit",
		"PT1W":                                "no unit",
		"P1é":                                 "no unit",
		"P1D1D":                               "repeats a part",
		"P1D1W":                               "wrong place",
		"PT1S1H":                              "wrong place",
		"P1.5D":                               "only seconds",
		"PT0.5M":                              "only seconds",
		"PT1.S":                               "only seconds",
		"PT1.2.3S":                            "only seconds",
		"PT.5S":                               "not a number",
		"P3661D":                              "too large",
		"P3660DT1S":                           "longer than the most",
		"P522W7D":                             "longer than the most",
		"P9999999999D":                        "too large",
		"PT9223372036854S":                    "too large",
		"P99999999999999999999D":              "is not an ISO 8601 duration",
		"P" + strings.Repeat("9", 4096) + "D": "is not an ISO 8601 duration",
	} {
		got, err := ParseDuration(in)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("ParseDuration(%.40q) = %v, %v; want an error with %q", in, got, err, why)
		}
		if err != nil && len(err.Error()) > 250 {
			t.Errorf("ParseDuration(%.40q) repeats the caller's text at length: %d characters", in, len(err.Error()))
		}
	}
}

func TestFormatDurationWritesDaysAndTime(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                          "PT0S",
		-time.Hour:                 "PT0S",
		time.Hour:                  "PT1H",
		24 * time.Hour:             "P1D",
		14 * day:                   "P14D",
		36 * time.Hour:             "P1DT12H",
		90 * time.Second:           "PT1M30S",
		10 * time.Second:           "PT10S",
		1:                          "PT0.000000001S",
		10:                         "PT0.00000001S",
		500 * time.Millisecond:     "PT0.5S",
		100*day + time.Millisecond: "P100DT0.001S",
		MaxDuration:                "P3660D",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestDurationsSurviveTheRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(MaxDuration)).Draw(t, "duration"))
		text := FormatDuration(d)
		back, err := ParseDuration(text)
		if err != nil || back != d {
			t.Fatalf("%v is written %q and read %v, %v", d, text, back, err)
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"P14D", "P2W", "P52W1D", "P", "PT0.5S", "P1Y", "P9999999999D", "P1DT", "PT1.2.3S", "P1é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			if d != 0 {
				t.Fatalf("%q is refused (%v) and yet %v", s, err, d)
			}
			return
		}
		if d < 0 || d > MaxDuration {
			t.Fatalf("%q is %v, out of range", s, d)
		}
		if back, err := ParseDuration(FormatDuration(d)); err != nil || back != d {
			t.Fatalf("%q is %v, written %q, read %v, %v", s, d, FormatDuration(d), back, err)
		}
	})
}
