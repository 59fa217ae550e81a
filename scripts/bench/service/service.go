// Package service starts the program for those who load it, watches its process, and removes what it wrote.
package service

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

// Service is the program at work.
type Service struct {
	URL     string
	Metrics string // URL of /metrics
	// Context ends when the process does, and when the context does in which it was started.
	Context context.Context

	cmd     *exec.Cmd
	exited  chan struct{}
	status  error // of the process, once it has exited
	options Options
	place   string // the name of the database, or of the base node, that is all its own
}

// Start returns once the service is ready. Its data is in dir. What it logs goes to logged.
func Start(ctx context.Context, o Options, dir string, logged io.Writer, log *slog.Logger) (*Service, error) {
	s := &Service{options: o, exited: make(chan struct{}), place: fmt.Sprintf("bench_%d_%d", os.Getpid(), time.Now().Unix())}
	args := []string{
		"serve", "--listen", o.Listen, "--metrics-listen", "127.0.0.1:0", "--data-dir", filepath.Join(dir, "data"), "--dialect", "documented",
		"--storage", o.Storage, "--watch", o.Watch,
	}
	environ := append(os.Environ(), o.Environ...)
	if o.MongoURI != "" {
		args = append(args, "--mongodb-uri", o.MongoURI)
		environ = append(environ, "BCS_STORAGE_MONGODB_DATABASE="+s.place)
	}
	if o.ZooKeeper != "" {
		args = append(args, "--zookeeper", o.ZooKeeper)
		environ = append(environ, "BCS_STORAGE_ZOOKEEPER_BASE="+s.place)
	}
	s.cmd = exec.Command(o.Bin, args...)
	s.cmd.Env, s.cmd.Stderr = environ, logged
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is for this program, which then stops the service
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the service: %w", err)
	}
	lines := bufio.NewReader(stdout)
	listens := make(chan [2]string, 1)
	ctx, cancel := context.WithCancelCause(ctx)
	s.Context = ctx
	go func() {
		var said [2]string // nothing when it ends before it listens
		for i := range said {
			said[i], _ = lines.ReadString('\n')
		}
		listens <- said
		_, _ = io.Copy(io.Discard, lines)
		s.status = s.cmd.Wait()
		cancel(ended(s.status))
		close(s.exited)
	}()
	if err := s.ready(listens); err != nil {
		return nil, errors.Join(fmt.Errorf("start the service: %w", err), s.Stop())
	}
	log.Info("started", "service", s.URL, "pid", s.PID())
	return s, nil
}

// PID is the id of the process.
func (s *Service) PID() int { return s.cmd.Process.Pid }

// Place is the name of the database, and of the node that all others are below, where those are on servers.
func (s *Service) Place() string { return s.place }

// Profile writes a CPU profile of about the time d, which is a second or more, to a file.
func (s *Service) Profile(ctx context.Context, d time.Duration, file string) error {
	url := strings.TrimSuffix(s.Metrics, "/metrics") + fmt.Sprintf("/debug/pprof/profile?seconds=%.0f", max(1, d.Seconds()-0.2))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
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

func ended(err error) error {
	if err != nil {
		return fmt.Errorf("the service ended: %w", err)
	}
	return errors.New("the service ended")
}

// ready waits until the service listens and its stores answer.
func (s *Service) ready(listens <-chan [2]string) error {
	ctx, cancel := context.WithTimeout(s.Context, startTimeout)
	defer cancel()
	select {
	case said := <-listens:
		var ok, also bool
		s.URL, ok = strings.CutPrefix(strings.TrimSpace(said[0]), "listening on ")
		if s.Metrics, also = strings.CutPrefix(strings.TrimSpace(said[1]), "metrics on "); !ok || !also {
			return fmt.Errorf("it said %q instead of where it listens", said)
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if !isLoopback(strings.TrimPrefix(s.URL, "http://")) {
		return fmt.Errorf("it listens on %s", s.URL)
	}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/readyz", nil)
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

// Stop ends the process and removes what it wrote outside of its directory. It fails if the process had to be
// killed, or ended with another exit code than 0.
func (s *Service) Stop() error {
	var errs []error
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // fails when it has ended already
	select {
	case <-s.exited:
	case <-time.After(stopTimeout):
		_ = s.cmd.Process.Kill()
		<-s.exited
		errs = append(errs, fmt.Errorf("the service did not stop within %v", stopTimeout))
	}
	if s.status != nil {
		errs = append(errs, ended(s.status))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.Context), removeTimeout)
	defer cancel()
	if s.options.MongoURI != "" {
		errs = append(errs, s.dropDatabase(ctx))
	}
	if s.options.ZooKeeper != "" {
		errs = append(errs, s.removeNodes())
	}
	return errors.Join(errs...)
}

func (s *Service) dropDatabase(ctx context.Context) error {
	m, err := mongo.Connect(mongooptions.Client().ApplyURI(s.options.MongoURI))
	if err == nil {
		err = errors.Join(m.Database(s.place).Drop(ctx), m.Disconnect(ctx))
	}
	if err != nil {
		return fmt.Errorf("drop the database %s: %w", s.place, err)
	}
	return nil
}

func (s *Service) removeNodes() error {
	conn, _, err := zk.Connect(strings.Split(s.options.ZooKeeper, ","), stopTimeout, zk.WithLogInfo(false))
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
