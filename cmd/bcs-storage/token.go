package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/spf13/pflag"

	"bcs-storage/conf"
)

func (c cli) tokenCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "token",
		Short: "Make a token for a caller, and its line for the file of tokens",
		Long: `Make a random token and print it, and the line that stands for it in the file that the setting auth.tokens names.
The token is for the caller and is kept nowhere; the file has only its SHA-256.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			token := rand.Text() // at least 128 bits
			_, err := fmt.Fprintf(c.stdout, "token: %s\nsha256: %x\n", token, sha256.Sum256([]byte(token)))
			return failed(err)
		},
	}
}

// identity is how a client shows who it is, and whom it trusts, as far as flags and environment say.
type identity struct {
	tokenFile, ca, certificate, key string
}

// tlsFlags are those of a client that may speak TLS.
func (i *identity) tlsFlags(flags *pflag.FlagSet) {
	flags.StringVar(&i.ca, "ca", "", "`FILE` with the authorities, in PEM, that vouch for an https server, instead of the system's. Environment: "+conf.EnvCA+".")
	flags.StringVar(&i.certificate, "certificate", "", "`FILE` with a client certificate, in PEM, for a server that asks for one.")
	flags.StringVar(&i.key, "key", "", "`FILE` with its key, in PEM.")
}

// token is what the file holds, or the variable: a flag can be read by everyone on the machine. "" is none.
func (c cli) token(tokenFile string) (string, error) {
	if tokenFile == "" {
		token, _ := conf.Lookup(c.environ, conf.EnvToken)
		return token, nil
	}
	raw, err := os.ReadFile(tokenFile)
	if err != nil {
		return "", fmt.Errorf("token-file: %w", err)
	}
	token := string(bytes.TrimSpace(raw))
	if token == "" {
		return "", fmt.Errorf("token-file: %s is empty", tokenFile)
	}
	return token, nil
}

// tls trusts the authorities of the file ca, or those of the system, and shows the certificate, if there is one.
func (i identity) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if i.ca != "" {
		raw, err := os.ReadFile(i.ca)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(raw) {
			return nil, fmt.Errorf("ca: %s holds no certificate in PEM", i.ca)
		}
	}
	if (i.certificate == "") != (i.key == "") {
		return nil, errors.New("certificate and key: give both or none")
	}
	if i.certificate != "" {
		pair, err := tls.LoadX509KeyPair(i.certificate, i.key)
		if err != nil {
			return nil, fmt.Errorf("certificate, key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
