package app_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"

	"bcs-storage/cmd/bcs-storage/internal/testparts"
	"bcs-storage/conf"
)

// secured starts a service with a certificate of the authority, and changes it further.
func secured(t *testing.T, ca *testparts.Authority, change ...func(*conf.Config)) (s *service, dir string) {
	t.Helper()
	dir = t.TempDir()
	certificate, key := ca.Issue()
	s = start(t, settings{change: func(c *conf.Config) {
		c.TLS.Certificate = testparts.WriteFile(t, dir, "server.crt", certificate)
		c.TLS.Key = testparts.WriteFile(t, dir, "server.key", key)
		for _, f := range change {
			f(c)
		}
	}})
	s.trust(&tls.Config{RootCAs: ca.Pool()})
	return s, dir
}

// trust is how the test's client speaks TLS from now on.
func (s *service) trust(config *tls.Config) {
	s.http.Transport.(*http.Transport).CloseIdleConnections()
	s.http.Transport = &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
}

// served is the certificate that the service shows to a new connection.
func (s *service) served(config *tls.Config) (*x509.Certificate, error) {
	conn, err := tls.Dial("tcp", strings.TrimPrefix(s.base, "https://"), config)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}

func TestTLS(t *testing.T) {
	ca := testparts.NewAuthority(t)
	s, _ := secured(t, ca)
	if !strings.HasPrefix(s.base, "https://127.0.0.1:") {
		t.Fatalf("the address is %s", s.base)
	}
	seed(t, s)
	resp, err := s.http.Get(s.base + documentedPrefix + podsPath)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.ProtoMajor != 2 || resp.StatusCode != 200 {
		t.Errorf("%s %d", resp.Proto, resp.StatusCode)
	}
	s.trust(&tls.Config{RootCAs: ca.Pool(), NextProtos: []string{"http/1.1"}, MaxVersion: tls.VersionTLS12})
	if got := s.do("GET", documentedPrefix+podsPath, "").names("resourceName"); len(got) != 2 {
		t.Errorf("HTTP/1.1 over TLS 1.2: %v", got)
	}
	for name, config := range map[string]*tls.Config{
		"an old version":    {RootCAs: ca.Pool(), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"another authority": {RootCAs: testparts.NewAuthority(t).Pool()},
	} {
		if _, err := s.served(config); err == nil {
			t.Errorf("%s: connected", name)
		}
	}
	if resp, err := http.Get(strings.Replace(s.base, "https", "http", 1) + "/healthz"); err == nil {
		resp.Body.Close()
		if resp.StatusCode != 400 {
			t.Errorf("without TLS: %d", resp.StatusCode)
		}
	}
}

// TestCertificateIsReadAgain: a new pair is served without a restart, half of one is not.
func TestCertificateIsReadAgain(t *testing.T) {
	ca := testparts.NewAuthority(t)
	s, dir := secured(t, ca)
	trust := &tls.Config{RootCAs: ca.Pool()}
	serial := func() string {
		t.Helper()
		shown, err := s.served(trust)
		if err != nil {
			t.Fatal(err)
		}
		return shown.SerialNumber.String()
	}
	before := serial()
	certificate, key := ca.Issue()
	testparts.WriteFile(t, dir, "server.crt", certificate)
	s.eventually(func() bool {
		if got := serial(); got != before {
			t.Fatalf("%s is served without its key", got)
		}
		return strings.Contains(s.logs.String(), "the TLS files stay as they were")
	})
	testparts.WriteFile(t, dir, "server.key", key)
	s.eventually(func() bool { return serial() != before })
}

// TestClientCertificates: with authorities for clients only theirs may connect, and as those change, others may.
func TestClientCertificates(t *testing.T) {
	ca, partners, strangers := testparts.NewAuthority(t), testparts.NewAuthority(t), testparts.NewAuthority(t)
	var file string
	s, dir := secured(t, ca, func(c *conf.Config) {
		file = testparts.WriteFile(t, t.TempDir(), "clients.crt", partners.PEM())
		c.TLS.ClientCA = file
	})
	with := func(issuer *testparts.Authority) *tls.Config {
		config := &tls.Config{RootCAs: ca.Pool(), ClientSessionCache: tls.NewLRUClientSessionCache(8)}
		if issuer != nil {
			pair, err := tls.X509KeyPair(issuer.Issue())
			if err != nil {
				t.Fatal(err)
			}
			config.Certificates = []tls.Certificate{pair}
		}
		return config
	}
	partner, stranger := with(partners), with(strangers)
	// A new connection for each: an old one outlives the authorities that let it in.
	may := func(config *tls.Config) bool {
		s.trust(config)
		a, err := s.try("GET", "/healthz", "")
		return err == nil && a.status == 200
	}
	if !may(partner) || may(stranger) || may(with(nil)) {
		t.Fatal("others than the partners may connect, or they may not")
	}
	testparts.WriteFile(t, strings.TrimSuffix(file, "/clients.crt"), "clients.crt", strangers.PEM())
	s.eventually(func() bool { return may(stranger) })
	if may(partner) {
		t.Error("the former partner may connect")
	}
	serial := func() string {
		shown, err := s.served(with(strangers)) // a resumed session would show the old one
		if err != nil {
			t.Fatal(err)
		}
		return shown.SerialNumber.String()
	}
	before := serial()
	certificate, key := ca.Issue()
	testparts.WriteFile(t, dir, "server.crt", certificate)
	testparts.WriteFile(t, dir, "server.key", key)
	s.eventually(func() bool { return serial() != before })
}

func TestBadTLSFiles(t *testing.T) {
	ca, dir := testparts.NewAuthority(t), t.TempDir()
	certificate, key := ca.Issue()
	_, otherKey := ca.Issue()
	good := testparts.WriteFile(t, dir, "good.crt", certificate)
	goodKey := testparts.WriteFile(t, dir, "good.key", key)
	for name, tt := range map[string]struct {
		tls  conf.TLS
		want string
	}{
		"no file":          {conf.TLS{Certificate: dir + "/none", Key: goodKey}, "tls.certificate, tls.key: "},
		"another key":      {conf.TLS{Certificate: good, Key: testparts.WriteFile(t, dir, "other.key", otherKey)}, "tls.certificate, tls.key: "},
		"no authorities":   {conf.TLS{Certificate: good, Key: goodKey, ClientCA: goodKey}, "tls.clientCA: " + goodKey + ": holds no certificate in PEM"},
		"no file of these": {conf.TLS{Certificate: good, Key: goodKey, ClientCA: dir + "/none"}, "tls.clientCA: "},
	} {
		if err := tryStart(t, func(c *conf.Config) { c.TLS = tt.tls }); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
