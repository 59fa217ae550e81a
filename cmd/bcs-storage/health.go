package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bcs-storage/cmd/bcs-storage/importer"
	"bcs-storage/conf"
)

// healthTimeout is more than the server takes to find out that a store does not answer.
const healthTimeout = 5 * time.Second

// healthCommand is for what has no other program to ask with: the container image holds this one alone.
func (c cli) healthCommand() *cobra.Command {
	var server string
	var live bool
	var who identity
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask a server whether it is ready; exit code 0 when it is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.fill(cmd, "server", conf.EnvServer, &server)
			c.fill(cmd, "ca", conf.EnvCA, &who.ca)
			if err := errors.Join(conf.CheckEnviron(c.environ), importer.CheckServer(server)); err != nil {
				return err
			}
			path := "/readyz"
			if live {
				path = "/healthz"
			}
			config, err := who.tls()
			if err == nil {
				err = c.health(cmd.Context(), config, strings.TrimSuffix(server, "/")+path)
			}
			return failed(wrap("health", err))
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&server, "server", defaultServer, "`URL` of the server. Environment: "+conf.EnvServer+".")
	flags.BoolVar(&live, "live", false, "Ask only whether the process serves, not whether its stores do.")
	who.tlsFlags(flags)
	return cmd
}

// health prints the answer to one GET. Any answer but 200 is an error.
func (c cli) health(ctx context.Context, trust *tls.Config, url string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := healthClient(trust).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(body)))
	}
	_, err = c.stdout.Write(body)
	return err
}

// healthClient asks the server itself: a proxy named in the environment, or a page that a redirect leads to, would
// answer for something else.
func healthClient(trust *tls.Config) *http.Client {
	return &http.Client{
		Transport:     &http.Transport{TLSClientConfig: trust},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
