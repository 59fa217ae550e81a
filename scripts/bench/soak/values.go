package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// tags are how many values there are for what filters select by. The tag of an object is in all the places that
// filters look at.
const tags = 5

func phase(tag int) string {
	return [tags]string{"Running", "Pending", "Failed", "Succeeded", "Unknown"}[tag]
}

// day is in the creationTimestamp of objects with the tag.
func day(tag int) string { return fmt.Sprintf("2026-03-%02dT12:00:00Z", 10+tag) }

// object is a random one with the tag, formatted at random: the service keeps what it is sent to the byte.
func object(r *rand.Rand, s *store, name string, tag int) value {
	var b strings.Builder
	b.WriteString(`{"metadata":{`)
	space(&b, r)
	fmt.Fprintf(&b, `"name":%q,"namespace":%q,"creationTimestamp":%q,"labels":{"app":"t%d"},"uid":"%08x"},`, name, s.namespace, day(tag), tag, r.Uint32())
	if s.mesos {
		fmt.Fprintf(&b, `"status":%q,"hostIP":"10.0.0.%d",`, phase(tag), r.IntN(250))
	} else {
		fmt.Fprintf(&b, `"status":{"phase":%q,"hostIP":"10.0.0.%d"},`, phase(tag), r.IntN(250))
	}
	if s.secret {
		fmt.Fprintf(&b, `"data":{"password":"%s%d"},"stringData":{"%s":1},`, hush, r.Uint32(), "key")
	}
	fmt.Fprintf(&b, `"tag":"t%d","more":`, tag)
	anyJSON(&b, r, 0)
	if !s.payload { // of those the space around members is not kept
		space(&b, r)
	}
	if r.IntN(20) == 0 {
		fmt.Fprintf(&b, `,"large":"%s"`, strings.Repeat("x", r.IntN(64<<10)))
	}
	b.WriteByte('}')
	return value{b.String(), tag}
}

// hush begins what only callers with the verb secrets may see.
const hush = "hush-hush-"

// tagOf finds the tag of an object; -1 is that it has none.
func tagOf(data string) int {
	_, rest, ok := strings.Cut(data, `"tag":"t`)
	if !ok {
		return -1
	}
	digits, _, _ := strings.Cut(rest, `"`)
	tag, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return tag
}

func space(b *strings.Builder, r *rand.Rand) {
	if r.IntN(4) == 0 {
		b.WriteString([...]string{" ", "\n\t", "  \r\n"}[r.IntN(3)])
	}
}

// anyJSON appends a value that the service takes.
func anyJSON(b *strings.Builder, r *rand.Rand, depth int) {
	kind := r.IntN(9)
	if depth > 5 {
		kind %= 7
	}
	switch kind {
	case 0:
		b.WriteString([...]string{"null", "true", "false"}[r.IntN(3)])
	case 1:
		b.WriteString(strconv.FormatInt(int64(r.Uint64()), 10))
	case 2:
		b.WriteString([...]string{"-0", "0", "1e3", "1.50", "-2.5E-10", "1e-400", "9223372036854775807", "0.1"}[r.IntN(8)])
	case 3, 4, 5, 6:
		anyString(b, r)
	case 7:
		b.WriteByte('[')
		for i := range r.IntN(5) {
			if i > 0 {
				b.WriteByte(',')
			}
			space(b, r)
			anyJSON(b, r, depth+1)
		}
		b.WriteByte(']')
	case 8:
		b.WriteByte('{')
		for i := range r.IntN(5) {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, `"%s%d":`, [...]string{"k", "a.b", "$where", "日本", `\n`, " "}[r.IntN(6)], i)
			space(b, r)
			anyJSON(b, r, depth+1)
		}
		b.WriteByte('}')
	}
}

func anyString(b *strings.Builder, r *rand.Rand) {
	b.WriteByte('"')
	for range r.IntN(12) {
		b.WriteString([...]string{"a", "Z", " ", "é", "漢", "𝄞", `\u0000`, `\"`, `\\`, `\/`, `\u00e9`, `\ud834\udd1e`, "'", "<", "%", "\u2028", "．"}[r.IntN(17)])
	}
	b.WriteByte('"')
}
