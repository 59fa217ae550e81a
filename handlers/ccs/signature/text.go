// Package signature signs and verifies requests in the way of the CCS API, version 2 (section 签名方法 of the vendor's
// document). It is pure: it knows neither HTTP nor configuration, and its clock is given.
//
// Parameters come as a map, so each has one value. A caller has to refuse a request that names one twice: of two values
// only one can be in the map, and another reader could take the other.
package signature

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"maps"
	"slices"
	"strings"
)

// The parameters that a signature needs, as the wire has them. SignatureMethod may be absent.
const (
	ParamSecretID  = "SecretId"
	ParamSignature = "Signature"
	ParamTimestamp = "Timestamp"
	ParamNonce     = "Nonce"
	ParamMethod    = "SignatureMethod"
)

// The values of SignatureMethod. HmacSHA1 is also meant by an absent or empty one.
const (
	HmacSHA1   = "HmacSHA1"
	HmacSHA256 = "HmacSHA256"
)

// algorithms is every SignatureMethod.
var algorithms = [...]struct {
	name string
	hash func() hash.Hash
}{
	{HmacSHA1, sha1.New},
	{HmacSHA256, sha256.New},
}

// Text is what is signed: method, host, path, "?", and the parameters as name=value joined with "&". Method, host and path
// are taken as they are given; the vendor signs an upper case method and the Host header. Values are those before URL
// encoding. The parameter Signature is left out.
//
// Parameters are sorted by the bytes of their names, then "_" in a name becomes ".": the vendor's document sorts first and
// replaces while it joins, as its client libraries do. The order matters, because "." sorts before letters and "_" between
// upper and lower case.
//
// The vendor's text does not separate unambiguously: a_b and a.b read the same, and so do the one value "1&b=2" of a and the
// values 1 of a and 2 of b. Whoever sees a signed request could send it in such another shape, but only instead of the
// original: SecretId, Timestamp and Nonce stay what they are, unless a client signs a value that holds all three as "&name=".
func Text(method, host, path string, params map[string]string) string {
	return method + host + path + "?" + join(params)
}

func join(params map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name != ParamSignature {
			pairs = append(pairs, strings.ReplaceAll(name, "_", ".")+"="+params[name])
		}
	}
	return strings.Join(pairs, "&")
}

// Sign returns the value of the parameter Signature: the HMAC of text under secretKey, in standard base64 with padding, not
// URL-encoded. algorithm is the value of SignatureMethod; "" is HmacSHA1, any other than the two is an ErrInvalid.
func Sign(secretKey, algorithm, text string) (string, error) {
	newHash, err := find(algorithm)
	if err != nil {
		return "", err
	}
	mac := hmac.New(newHash, []byte(secretKey))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

func find(algorithm string) (func() hash.Hash, error) {
	if algorithm == "" {
		algorithm = HmacSHA1
	}
	var names []string
	for _, a := range algorithms {
		if a.name == algorithm {
			return a.hash, nil
		}
		names = append(names, a.name)
	}
	return nil, invalid(ParamMethod, "%.40q is not %s", algorithm, strings.Join(names, " or "))
}
