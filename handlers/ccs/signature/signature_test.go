package signature_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"bcs-storage/handlers/ccs/signature"
)

const (
	secretID  = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA"
	secretKey = "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA"
	host      = "cvm.api.qcloud.com"
	path      = "/v2/index.php"
	stamp     = 1465185768
)

// documented is the request of the vendor's document, with its signature.
func documented() map[string]string {
	return map[string]string{
		"Action": "DescribeInstances", "SecretId": secretID, "Timestamp": strconv.Itoa(stamp), "Nonce": "11886",
		"Region": "gz", "instanceIds.0": "ins-09dx96dg", "offset": "0", "limit": "20", "Signature": "NSI3UqqD99b/UJb4tbG/xZpRW64=",
	}
}

func keys(id string) (string, bool) {
	return secretKey, id == secretID
}

func at(seconds int64) func() time.Time {
	return func() time.Time { return time.Unix(seconds, 0) }
}

func with(params map[string]string, changes ...string) map[string]string {
	params = maps.Clone(params)
	for i := 0; i < len(changes); i += 2 {
		params[changes[i]] = changes[i+1]
	}
	return params
}

// signed gives params the signature of the reference.
func signed(method, host, path string, params map[string]string) map[string]string {
	return with(params, "Signature", reference(secretKey, method, host, path, params))
}

func TestDocumentedRequest(t *testing.T) {
	text := signature.Text("GET", host, path, documented())
	want := "GETcvm.api.qcloud.com/v2/index.php?Action=DescribeInstances&Nonce=11886&Region=gz&SecretId=AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA" +
		"&Timestamp=1465185768&instanceIds.0=ins-09dx96dg&limit=20&offset=0"
	if text != want {
		t.Errorf("signs\n%s, want\n%s", text, want)
	}
	for _, algorithm := range []string{"", signature.HmacSHA1} {
		if got, err := signature.Sign(secretKey, algorithm, text); got != "NSI3UqqD99b/UJb4tbG/xZpRW64=" || err != nil {
			t.Errorf("%q: %s, %v", algorithm, got, err)
		}
	}
	v := signature.NewVerifier(signature.Options{Keys: keys, Now: at(stamp)})
	if err := v.Verify("GET", host, path, documented()); err != nil {
		t.Error(err)
	}
}

// "." sorts before "1" and "a", "_" between "Z" and "a": to replace first would give other texts.
func TestSortsBeforeItReplaces(t *testing.T) {
	got := signature.Text("POST", "h", "/p", map[string]string{"a_b": "1", "aB": "2", "a.c": "3", "a1": "4", "ab": "5", "_": "6", "Z__": ""})
	if want := "POSTh/p?Z..=&.=6&a.c=3&a1=4&aB=2&a.b=1&ab=5"; got != want {
		t.Errorf("signs %s, want %s", got, want)
	}
}

func TestErrors(t *testing.T) {
	long := strings.Repeat("9", 5000)
	tests := map[string]struct {
		params map[string]string
		want   error
		text   string
	}{
		"no SecretId":          {with(documented(), "SecretId", ""), signature.ErrMissing, "SecretId: is missing"},
		"no Signature":         {with(documented(), "Signature", ""), signature.ErrMissing, "Signature: is missing"},
		"no Timestamp":         {with(documented(), "Timestamp", ""), signature.ErrMissing, "Timestamp: is missing"},
		"no Nonce":             {with(documented(), "Nonce", ""), signature.ErrMissing, "Nonce: is missing"},
		"nothing":              {nil, signature.ErrMissing, "SecretId: is missing"},
		"negative Timestamp":   {with(documented(), "Timestamp", "-1"), signature.ErrInvalid, `Timestamp: "-1" is not a UNIX time in seconds`},
		"Timestamp too large":  {with(documented(), "Timestamp", "9223372036854775808"), signature.ErrInvalid, `Timestamp: "9223372036854775808" is not a UNIX time in seconds`},
		"Timestamp in words":   {with(documented(), "Timestamp", "now"), signature.ErrInvalid, `Timestamp: "now" is not a UNIX time in seconds`},
		"negative Nonce":       {with(documented(), "Nonce", "-1"), signature.ErrInvalid, `Nonce: "-1" is not an unsigned integer of 64 bits`},
		"Nonce with a sign":    {with(documented(), "Nonce", "+1"), signature.ErrInvalid, `Nonce: "+1" is not an unsigned integer of 64 bits`},
		"fraction":             {with(documented(), "Nonce", "1.0"), signature.ErrInvalid, `Nonce: "1.0" is not an unsigned integer of 64 bits`},
		"Nonce too large":      {with(documented(), "Nonce", long), signature.ErrInvalid, `Nonce: "` + long[:40] + `" is not an unsigned integer of 64 bits`},
		"algorithm":            {with(documented(), "SignatureMethod", "HmacMD5"), signature.ErrInvalid, `SignatureMethod: "HmacMD5" is not HmacSHA1 or HmacSHA256`},
		"algorithm, its case":  {with(documented(), "SignatureMethod", "hmacsha1"), signature.ErrInvalid, `SignatureMethod: "hmacsha1" is not HmacSHA1 or HmacSHA256`},
		"another request":      {with(documented(), "limit", "21"), signature.ErrSignature, "the signature does not match the request"},
		"one more parameter":   {with(documented(), "x", ""), signature.ErrSignature, "the signature does not match the request"},
		"signature cut":        {with(documented(), "Signature", "NSI3"), signature.ErrSignature, "the signature does not match the request"},
		"other base64":         {with(documented(), "Signature", "NSI3UqqD99b/UJb4tbG/xZpRW65="), signature.ErrSignature, "the signature does not match the request"},
		"line end":             {with(documented(), "Signature", "NSI3UqqD99b/UJb4tbG/xZpRW64=\n"), signature.ErrSignature, "the signature does not match the request"},
		"unknown SecretId":     {with(documented(), "SecretId", "AKID"), signature.ErrUnknownKey, "the SecretId is not known"},
		"SecretId without key": {signedWith("", with(documented(), "SecretId", "keyless")), signature.ErrUnknownKey, "the SecretId is not known"},
	}
	v := signature.NewVerifier(signature.Options{Now: at(stamp), Keys: func(id string) (string, bool) {
		if id == "keyless" {
			return "", true
		}
		return keys(id)
	}})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := v.Verify("GET", host, path, tt.params)
			if !errors.Is(err, tt.want) || err.Error() != tt.text {
				t.Errorf("%v, want %s", err, tt.text)
			}
			var parameter *signature.ParameterError
			if isParameter := errors.As(err, &parameter); isParameter != (tt.want == signature.ErrMissing || tt.want == signature.ErrInvalid) {
				t.Errorf("%v is a *ParameterError: %v", err, isParameter)
			} else if isParameter && !strings.HasPrefix(tt.text, parameter.Param+": ") {
				t.Errorf("%v names %s", err, parameter.Param)
			}
		})
	}
	if err := v.Verify("GET", host, path, documented()); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

// Whatever key stands in for an unknown SecretId must not be one that can be used.
func TestUnknownKeyIsNoKey(t *testing.T) {
	var asked []string
	v := signature.NewVerifier(signature.Options{Now: at(stamp), Keys: func(id string) (string, bool) {
		asked = append(asked, id)
		return "leaked", false
	}})
	for _, key := range []string{"", "leaked", strings.Repeat("0", 32), secretKey} {
		if err := v.Verify("GET", host, path, signedWith(key, documented())); !errors.Is(err, signature.ErrUnknownKey) {
			t.Errorf("signed with %q: %v", key, err)
		}
	}
	if len(asked) != 4 || asked[0] != secretID {
		t.Errorf("asked for %q", asked)
	}
}

func signedWith(key string, params map[string]string) map[string]string {
	return with(params, "Signature", reference(key, "GET", host, path, params))
}

func TestHosts(t *testing.T) {
	hosts := []string{"ccs.api.qcloud.com", "ccs.example.com:8443"}
	verify := func(v *signature.Verifier, nonce, signedHost, requestHost string) error {
		return v.Verify("GET", requestHost, path, signed("GET", signedHost, path, with(documented(), "Nonce", nonce)))
	}
	listed := signature.NewVerifier(signature.Options{Keys: keys, Now: at(stamp), Hosts: hosts})
	hosts[0] = "changed"
	for i, h := range []string{"ccs.api.qcloud.com", "ccs.example.com:8443"} {
		if err := verify(listed, strconv.Itoa(i), h, "10.0.0.1:50024"); err != nil {
			t.Errorf("%s: %v", h, err)
		}
	}
	for _, h := range []string{"10.0.0.1:50024", "changed", "ccs.example.com", ""} {
		if err := verify(listed, "9", h, "10.0.0.1:50024"); !errors.Is(err, signature.ErrSignature) {
			t.Errorf("%s is not in the list: %v", h, err)
		}
	}
	open := signature.NewVerifier(signature.Options{Keys: keys, Now: at(stamp)})
	if err := verify(open, "1", "localhost:1", "localhost:1"); err != nil {
		t.Error(err)
	}
	if err := verify(open, "2", "localhost", "localhost:1"); !errors.Is(err, signature.ErrSignature) {
		t.Errorf("the port belongs to the host: %v", err)
	}
}

// TestAnyChangedByte signs random requests with the reference, and changes them in every place.
func TestAnyChangedByte(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	v := signature.NewVerifier(signature.Options{Keys: keys, Now: at(stamp)})
	for nonce := range 60 {
		r := randomRequest(random, nonce)
		for _, changed := range r.mutants(random) {
			if err := changed.verify(v); err == nil {
				t.Fatalf("%+v is accepted for %+v", changed, r)
			}
		}
		// None of them used up the nonce.
		if err := r.verify(v); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		if err := r.verify(v); !errors.Is(err, signature.ErrReplay) {
			t.Fatalf("%+v, again: %v", r, err)
		}
	}
}

type request struct {
	method, host, path string
	params             map[string]string
}

func (r request) verify(v *signature.Verifier) error {
	return v.Verify(r.method, r.host, r.path, r.params)
}

func randomRequest(random *rand.Rand, nonce int) request {
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	word := func(parts ...string) string {
		var b strings.Builder
		for range random.IntN(8) {
			b.WriteString(pick(parts...))
		}
		return b.String()
	}
	params := map[string]string{
		"Action": "DescribeCluster", "SecretId": secretID,
		"Timestamp": strconv.Itoa(stamp + random.IntN(601) - 300), "Nonce": strconv.Itoa(nonce),
	}
	if random.IntN(3) > 0 {
		params["SignatureMethod"] = pick("HmacSHA1", "HmacSHA256", "")
	}
	for i := range random.IntN(4) {
		params["clusterIds."+strconv.Itoa(i)] = word("cls-", "中文", "+", "&", "=", " ", "%20", "_", ".", "0")
	}
	for range random.IntN(6) {
		params[word("a", "Z", "_", ".", "0", "集群", "=", "&", "+", " ")] = word("x", "Ω", "+", "&", "=", " ", "%2B", "_", ".", "\x00", "\xff")
	}
	r := request{pick("GET", "POST"), pick("ccs.api.qcloud.com", "127.0.0.1:50024"), path, params}
	r.params = signed(r.method, r.host, r.path, params)
	return r
}

// mutants is r with one byte changed, for every byte of every part. To write "." for "_" in a name, or the other way round, is
// left out: the text is the same by definition. So is a name that there is already, as a request cannot have it twice.
func (r request) mutants(random *rand.Rand) []request {
	var all []request
	change := func(s string, use func(string)) {
		for i := range len(s) {
			b := []byte(s)
			b[i] ^= byte(1 + random.IntN(255))
			use(string(b))
		}
	}
	change(r.method, func(s string) { all = append(all, request{s, r.host, r.path, r.params}) })
	change(r.host, func(s string) { all = append(all, request{r.method, s, r.path, r.params}) })
	change(r.path, func(s string) { all = append(all, request{r.method, r.host, s, r.params}) })
	for name, value := range r.params {
		change(value, func(s string) {
			all = append(all, request{r.method, r.host, r.path, with(r.params, name, s)})
		})
		change(name, func(s string) {
			if _, exists := r.params[s]; exists || strings.ReplaceAll(s, "_", ".") == strings.ReplaceAll(name, "_", ".") {
				return
			}
			renamed := with(r.params, s, value)
			delete(renamed, name)
			all = append(all, request{r.method, r.host, r.path, renamed})
		})
	}
	return all
}

// The exception: such names are one for the vendor.
func TestUnderscoreIsDot(t *testing.T) {
	v := signature.NewVerifier(signature.Options{Keys: keys, Now: at(stamp)})
	params := signed("GET", host, path, with(documented(), "portMappings_0_lbPort", "80"))
	delete(params, "portMappings_0_lbPort")
	if err := v.Verify("GET", host, path, with(params, "portMappings.0.lbPort", "80")); err != nil {
		t.Error(err)
	}
	if err := v.Verify("GET", host, path, with(params, "portMappings_0_lbPort", "80")); !errors.Is(err, signature.ErrReplay) {
		t.Errorf("the other shape of an accepted request: %v", err)
	}
}

// FuzzVerify: a request is accepted if, and only if, the reference signs it so and its numbers are good. Nothing panics.
func FuzzVerify(f *testing.F) {
	good := documented()
	f.Add("GET", host, path, secretID, "1465185768", "11886", "", good["Signature"], "limit", "20")
	f.Add("POST", "h", "/", "x", "-1", "0", "HmacSHA256", "", "a_b", "&=")
	f.Add("", "", "", "", "", "", "HmacMD5", "=", "", "")
	f.Add("GET", host, path, secretID, "9223372036854775807", "18446744073709551615", "HmacSHA1", "x", "Signature", "y")
	f.Add("GET", host, path, secretID, "1465186068", "00", "HmacSHA256", "x", "SecretId", "y")
	f.Fuzz(func(t *testing.T, method, host, path, id, timestamp, nonce, algorithm, sent, name, value string) {
		v := signature.NewVerifier(signature.Options{Keys: keys, Now: at(stamp)})
		params := map[string]string{
			name: value, "SecretId": id, "Timestamp": timestamp, "Nonce": nonce, "SignatureMethod": algorithm, "Signature": sent,
		}
		known := algorithm == "" || algorithm == "HmacSHA1" || algorithm == "HmacSHA256"
		err := v.Verify(method, host, path, params)
		if right := known && sent == reference(secretKey, method, host, path, params); err == nil && !right {
			t.Fatalf("%q is accepted", params)
		}
		expected(t, err)

		// The same, rightly signed.
		params["SecretId"], params["Signature"] = secretID, "?"
		if known {
			params = signed(method, host, path, params)
		}
		seconds, err1 := strconv.ParseUint(timestamp, 10, 63)
		_, err2 := strconv.ParseUint(nonce, 10, 64)
		fresh := err1 == nil && err2 == nil && seconds >= stamp-300 && seconds <= stamp+300
		err = v.Verify(method, host, path, params)
		expected(t, err)
		if first := sent != params["Signature"] || id != secretID; first && (err == nil) != (known && fresh) {
			t.Fatalf("%q: %v", params, err)
		}
		if again := v.Verify(method, host, path, params); again == nil {
			t.Fatalf("%q is accepted twice", params)
		}
	})
}

func expected(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, sentinel := range []error{
		signature.ErrMissing, signature.ErrInvalid, signature.ErrSignature, signature.ErrUnknownKey, signature.ErrReplay,
	} {
		if errors.Is(err, sentinel) && len(err.Error()) < 300 {
			return
		}
	}
	t.Fatalf("%v is none of the errors", err)
}

// reference signs by other means than the package: pairs in a slice, bytes replaced one by one, HMAC out of its definition
// (RFC 2104).
func reference(key, method, host, path string, params map[string]string) string {
	type pair struct{ name, value string }
	var pairs []pair
	for name, value := range params {
		pairs = append(pairs, pair{name, value})
	}
	sort.Slice(pairs, func(i, j int) bool { return bytes.Compare([]byte(pairs[i].name), []byte(pairs[j].name)) < 0 })
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s%s%s", method, host, path)
	glue := byte('?')
	for _, p := range pairs {
		if p.name == "Signature" {
			continue
		}
		text.WriteByte(glue)
		glue = '&'
		for _, b := range []byte(p.name) {
			if b == '_' {
				b = '.'
			}
			text.WriteByte(b)
		}
		text.WriteByte('=')
		text.WriteString(p.value)
	}
	sum := func(b []byte) []byte { s := sha1.Sum(b); return s[:] }
	if params["SignatureMethod"] == "HmacSHA256" {
		sum = func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }
	}
	var inner, outer [64]byte
	copy(inner[:], key)
	copy(outer[:], key)
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	digest := sum(append(outer[:], sum(append(inner[:], text.Bytes()...))...))
	return base64.StdEncoding.EncodeToString(digest)
}
