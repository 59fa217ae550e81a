package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-zookeeper/zk"
	"go.mongodb.org/mongo-driver/v2/mongo"
	mongooptions "go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	startTimeout  = time.Minute
	stopTimeout   = 20 * time.Second
	removeTimeout = 2 * time.Minute // a server that was just loaded may have work left
)

// service is the program at work.
type service struct {
	url string
	// ctx ends when the process does, and when the context does in which it was started.
	ctx     context.Context
	cmd     *exec.Cmd
	exited  chan struct{}
	options options
	metrics string // the address of the metrics listener
	place   string // the name of the database, or of the base node, that is all its own
}

// startService returns once the service is ready. Its data, and what it logs, is in dir.
func startService(ctx context.Context, o options, dir string, log *slog.Logger) (*service, error) {
	s := &service{options: o, exited: make(chan struct{}), place: fmt.Sprintf("bench_%d_%d", os.Getpid(), time.Now().Unix())}
	args := []string{"serve", "--listen", o.listen, "--data-dir", filepath.Join(dir, "data"), "--dialect", "documented", "--storage", o.storage, "--watch", o.watch}
	// So that what is measured does not get in the way of a service that runs here.
	environ := append(os.Environ(), "BCS_STORAGE_METRICS_LISTEN=127.0.0.1:0")
	if o.mongoURI != "" {
		args = append(args, "--mongodb-uri", o.mongoURI)
		environ = append(environ, "BCS_STORAGE_MONGODB_DATABASE="+s.place)
	}
	if o.zookeeper != "" {
		args = append(args, "--zookeeper", o.zookeeper)
		environ = append(environ, "BCS_STORAGE_ZOOKEEPER_BASE="+s.place)
	}
	logFile, err := os.Create(filepath.Join(dir, "service.log"))
	if err != nil {
		return nil, err
	}
	defer logFile.Close()
	s.cmd = exec.Command(o.bin, args...)
	s.cmd.Env, s.cmd.Stderr = environ, logFile
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is for this program, which then stops the service
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the service: %w", err)
	}
	lines := bufio.NewReader(stdout)
	first := make(chan []string, 1)
	ctx, cancel := context.WithCancelCause(ctx)
	s.ctx = ctx
	go func() {
		listens, _ := lines.ReadString('\n') // nothing when it ends before it listens
		metrics, _ := lines.ReadString('\n')
		first <- []string{listens, metrics}
		_, _ = io.Copy(io.Discard, lines)
		cancel(ended(s.cmd.Wait()))
		close(s.exited)
	}()
	if err := s.ready(first); err != nil {
		said, _ := os.ReadFile(logFile.Name())
		return nil, errors.Join(fmt.Errorf("start the service: %w; it logged:\n%s", err, said), s.stop())
	}
	log.Info("started", "service", s.url, "pid", s.cmd.Process.Pid)
	return s, nil
}

func ended(err error) error {
	if err != nil {
		return fmt.Errorf("the service ended: %w", err)
	}
	return errors.New("the service ended")
}

// ready waits until the service listens and its stores answer.
func (s *service) ready(first <-chan []string) error {
	ctx, cancel := context.WithTimeout(s.ctx, startTimeout)
	defer cancel()
	select {
	case said := <-first:
		for i, at := range []*string{&s.url, &s.metrics} {
			_, url, ok := strings.Cut(strings.TrimSpace(said[i]), " on ")
			if !ok {
				return fmt.Errorf("it said %q instead of where it listens", said)
			}
			*at = strings.TrimSuffix(url, "/metrics")
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if !isLoopback(strings.TrimPrefix(s.url, "http://")) {
		return fmt.Errorf("it listens on %s", s.url)
	}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/readyz", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// profile writes a CPU profile of the time d to a file.
func (s *service) profile(ctx context.Context, d time.Duration, file string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/debug/pprof/profile?seconds=%.0f", s.metrics, max(1, d.Seconds()-0.2)), nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("no profile: %s: %s", answer.Status, text)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

// stop ends the process and removes what it wrote outside of its directory.
func (s *service) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // fails when it has ended already
	select {
	case <-s.exited:
	case <-time.After(stopTimeout):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), removeTimeout)
	defer cancel()
	var errs []error
	if s.options.mongoURI != "" {
		errs = append(errs, s.dropDatabase(ctx))
	}
	if s.options.zookeeper != "" {
		errs = append(errs, s.removeNodes())
	}
	return errors.Join(errs...)
}

func (s *service) dropDatabase(ctx context.Context) error {
	m, err := mongo.Connect(mongooptions.Client().ApplyURI(s.options.mongoURI))
	if err == nil {
		err = errors.Join(m.Database(s.place).Drop(ctx), m.Disconnect(ctx))
	}
	if err != nil {
		return fmt.Errorf("drop the database %s: %w", s.place, err)
	}
	return nil
}

func (s *service) removeNodes() error {
	conn, _, err := zk.Connect(strings.Split(s.options.zookeeper, ","), stopTimeout, zk.WithLogInfo(false))
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := removeTree(conn, "/"+s.place); err != nil {
		return fmt.Errorf("remove the nodes below /%s: %w", s.place, err)
	}
	return nil
}

func removeTree(conn *zk.Conn, path string) error {
	names, _, err := conn.Children(path)
	for _, name := range names {
		err = errors.Join(err, removeTree(conn, path+"/"+name))
	}
	if err == nil {
		err = conn.Delete(path, -1)
	}
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	return err
}
