package storage_test

import (
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"bcs-storage/storage"
)

var (
	shanghai = time.FixedZone("CST", 8*3600)
	noon     = time.Date(2017, 9, 26, 12, 0, 0, 0, time.UTC)
)

// spelling is a text and the instant that it means in loc.
type spelling struct {
	text string
	loc  *time.Location
	want time.Time
}

func spellings() []spelling {
	const ms = time.Millisecond
	year := func(y, mo, d, h, mi, s int) time.Time { return time.Date(y, time.Month(mo), d, h, mi, s, 0, time.UTC) }
	return []spelling{
		{"2017-09-26T12:00:00Z", nil, noon},
		{"2017-09-26T12:00:00.5Z", nil, noon.Add(500 * ms)},
		{"2017-09-26T12:00:00.123456789Z", nil, noon.Add(123456789)},
		{"2017-09-26T20:00:00+08:00", nil, noon},
		{"2017-09-26T20:00:00.25+08:00", nil, noon.Add(250 * ms)},
		{"2017-09-26T06:30:00-05:30", nil, noon},
		{"2017-09-26T20:00:00+0800", nil, noon},
		{"2017-09-26T20:00:00.5+0800", nil, noon.Add(500 * ms)},
		{"2017-09-26 20:00:00+08:00", nil, noon},
		{"2017-09-26 20:00:00 +0800 CST", nil, noon},
		{"2017-09-26 12:00:00 +0000 UTC", shanghai, noon},
		{"2017-09-26 20:00:00.5 +0800 CST", nil, noon.Add(500 * ms)},
		{"2017-09-26 12:00:00", nil, noon},
		{"2017-09-26 12:00:00", time.UTC, noon},
		{"2017-09-26 20:00:00", shanghai, noon},
		{"2017-09-26  8:00:00", time.FixedZone("", -4*3600), noon}, // hours padded with a space
		{"2017-09-26 12:00:00.75", nil, noon.Add(750 * ms)},
		{"2017-09-26T12:00:00", nil, noon},
		{"2017-09-26T20:00:00", shanghai, noon},
		{"2017-09-26T12:00:00Z", shanghai, noon}, // a zone of its own wins
		{strconv.FormatInt(noon.Unix(), 10), nil, noon},
		{strconv.FormatInt(noon.Unix(), 10), shanghai, noon},
		{"0", nil, time.Unix(0, 0)},
		{"-1", nil, time.Unix(-1, 0)},
		{"0001-01-01T00:00:00Z", nil, year(1, 1, 1, 0, 0, 0)}, // the zero time is an instant
		{"0001-01-01 00:00:00 +0000 UTC", nil, year(1, 1, 1, 0, 0, 0)},
		{"-62135596800", nil, year(1, 1, 1, 0, 0, 0)},
		{"0000-01-01T00:00:00Z", nil, year(0, 1, 1, 0, 0, 0)},
		{"-62167219200", nil, year(0, 1, 1, 0, 0, 0)},
		{"9999-12-31T23:59:59.999Z", nil, year(9999, 12, 31, 23, 59, 59).Add(999 * ms)},
		{"253402300799", nil, year(9999, 12, 31, 23, 59, 59)},
		{"2017-09-26T12:00:00." + strings.Repeat("0", 43) + "Z", nil, noon}, // 64 bytes
		{"2020-02-29 00:00:00", nil, year(2020, 2, 29, 0, 0, 0)},
	}
}

// nonsense are texts that are no instant in loc.
func nonsense() []spelling {
	return []spelling{
		{text: ""},
		{text: " "},
		{text: "now"},
		{text: "2017-09-26"},
		{text: "2017-09-26 12:00"},
		{text: "2017-09-26 12:00:00 "},
		{text: " 2017-09-26 12:00:00"},
		{text: "2017-9-26 12:00:00"},
		{text: "2017-02-29 12:00:00"}, // no leap year
		{text: "2017-09-26 24:00:01"},
		{text: "2017-09-26T12:00:00z"},
		{text: "1506427200.5"},        // seconds are digits
		{text: "1.5e9"},               //
		{text: "0x59ca4140"},          //
		{text: "1_506_427_200"},       //
		{text: "9223372036854775807"}, // beyond the year 9999
		{text: "9223372036854775808"}, // beyond int64
		{text: "253402300800"},        // 10000-01-01
		{text: "-62167219201"},        // before the year 0
		{text: "9999-12-31T23:59:59-01:00"},
		{text: "0000-01-01T00:00:00+01:00"},
		{text: "0000-01-01 00:00:00", loc: shanghai},
		{text: "2017-09-26T12:00:00." + strings.Repeat("0", 44) + "Z"}, // 65 bytes
	}
}

func TestParseTime(t *testing.T) {
	for _, tc := range spellings() {
		t.Run(tc.text, func(t *testing.T) {
			got, ok := storage.ParseTime(tc.text, tc.loc)
			if !ok || !got.Equal(tc.want) {
				t.Errorf("ParseTime(%q) = %v, %v, want %v", tc.text, got, ok, tc.want)
			}
		})
	}
	for _, tc := range nonsense() {
		t.Run("refused "+tc.text, func(t *testing.T) {
			if got, ok := storage.ParseTime(tc.text, tc.loc); ok {
				t.Errorf("ParseTime(%q) = %v, want none", tc.text, got)
			}
		})
	}
}

func TestInstantOf(t *testing.T) {
	for _, tc := range []struct {
		json string
		want time.Time
		ok   bool
	}{
		{`"2017-09-26 12:00:00"`, noon, true},
		{`"2017-09-26T20:00:00\u002b08:00"`, noon, true}, // escapes in a string
		{`"1506427200"`, noon, true},
		{`1506427200`, noon, true},
		{` 1506427200 `, noon, true},
		{"\n\"2017-09-26 12:00:00\"\t", noon, true},
		{`1506427200.0`, noon, true},
		{`15064272e2`, noon, true},
		{`1506427200.5`, noon.Add(500 * time.Millisecond), true},
		{`-0.25`, time.Unix(-1, 750e6), true},
		{`0`, time.Unix(0, 0), true},
		{`-0`, time.Unix(0, 0), true},
		{`1e-400`, time.Unix(0, 0), true},
		{`"0001-01-01T00:00:00Z"`, time.Time{}, true},
		{`-62167219200`, time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{`253402300799.5`, time.Date(9999, 12, 31, 23, 59, 59, 5e8, time.UTC), true},
		{`-62167219200.5`, time.Time{}, false},
		{`253402300800`, time.Time{}, false},
		{`1e300`, time.Time{}, false},
		{`-1e300`, time.Time{}, false},
		{`9223372036854775807`, time.Time{}, false},
		{`""`, time.Time{}, false},
		{`"soon"`, time.Time{}, false},
		{`null`, time.Time{}, false},
		{`true`, time.Time{}, false},
		{`[1506427200]`, time.Time{}, false},
		{`{}`, time.Time{}, false},
		{``, time.Time{}, false},
	} {
		t.Run(tc.json, func(t *testing.T) {
			got, ok := storage.InstantOf([]byte(tc.json))
			if ok != tc.ok || ok && !got.Equal(tc.want) {
				t.Errorf("InstantOf(%s) = %v, %v, want %v, %v", tc.json, got, ok, tc.want, tc.ok)
			}
		})
	}
}

func TestFormatTime(t *testing.T) {
	for _, tc := range []struct {
		in   time.Time
		want string
	}{
		{noon, "2017-09-26T12:00:00.000Z"},
		{noon.In(shanghai), "2017-09-26T12:00:00.000Z"},
		{noon.Add(7*time.Millisecond + 999*time.Microsecond), "2017-09-26T12:00:00.007Z"}, // cut, not rounded
		{time.Time{}, "0001-01-01T00:00:00.000Z"},
		{time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), "0000-01-01T00:00:00.000Z"},
		{time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), "9999-12-31T23:59:59.999Z"},
		{time.Unix(-1, 0), "1969-12-31T23:59:59.000Z"},
	} {
		if got := storage.FormatTime(tc.in); got != tc.want {
			t.Errorf("FormatTime(%v) = %s, want %s", tc.in, got, tc.want)
		}
		if got := string(storage.AppendTime([]byte("x"), tc.in)); got != "x"+tc.want {
			t.Errorf("AppendTime(x, %v) = %s, want x%s", tc.in, got, tc.want)
		}
	}
}

func TestUnixTime(t *testing.T) {
	for _, tc := range []struct {
		in int64
		ok bool
	}{
		{0, true}, {-1, true}, {-62167219200, true}, {-62167219201, false}, {253402300799, true}, {253402300800, false}, {1 << 62, false}, {-1 << 62, false},
	} {
		got, ok := storage.UnixTime(tc.in)
		if ok != tc.ok || ok && got.Unix() != tc.in {
			t.Errorf("UnixTime(%d) = %v, %v, want %v", tc.in, got, ok, tc.ok)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range append(spellings(), nonsense()...) {
		f.Add(s.text)
	}
	f.Add("2017-09-26 20:00:00 +0800 +0800")
	f.Add("2017-09-26T12:00:00,5Z")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := storage.ParseTime(s, nil)
		if utf8.ValidString(s) {
			inJSON, ok2 := storage.InstantOf(storage.AppendString(nil, s))
			if ok2 != ok || !inJSON.Equal(got) && ok {
				t.Errorf("InstantOf(%q) = %v, %v; ParseTime = %v, %v", s, inJSON, ok2, got, ok)
			}
		}
		if !ok {
			return
		}
		if y := got.UTC().Year(); y < 0 || y > 9999 {
			t.Fatalf("ParseTime(%q) is in the year %d", s, y)
		}
		text := storage.FormatTime(got)
		if len(text) != len(storage.TimeFormat) {
			t.Fatalf("FormatTime(ParseTime(%q)) = %q", s, text)
		}
		again, ok := storage.ParseTime(text, shanghai)
		if !ok || again.After(got) || got.Sub(again) >= time.Millisecond {
			t.Errorf("ParseTime(%q) = %v, %v, want %v cut to a millisecond", text, again, ok, got)
		}
		// A text says its zone or is read in loc: nothing else is possible.
		if there, ok := storage.ParseTime(s, shanghai); ok && !there.Equal(got) && got.Sub(there) != 8*time.Hour {
			t.Errorf("ParseTime(%q) = %v in UTC, %v in +08:00", s, got, there)
		}
	})
}
