package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What scripts/dev-up.sh calls the parts and their processes.
const (
	mongodb, devmongo, postgres = "mongodb", "devmongo", "postgres"
	zookeeper                   = "zookeeper"
)

// parts are real servers that no other test uses, so that they can be killed,
// frozen and started again.
type parts struct {
	base    string // the test's own, with a log and, below it, dir
	dir     string // DEV_DIR
	environ []string
}

// startParts starts both, tells testparts about them, and removes all of it
// with the test.
func startParts(t *testing.T) *parts {
	t.Helper()
	needPackages(t)
	// Not t.TempDir: PostgreSQL runs as another user, who could not get there.
	base, err := os.MkdirTemp("/tmp", "bcs-storage-faults-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	p := &parts{base: base, dir: filepath.Join(base, "dev")}
	p.environ = append(os.Environ(), "DEV_DIR="+p.dir)
	for _, port := range []string{"DEV_ZOOKEEPER_PORT", "DEV_MONGODB_PORT", "DEV_POSTGRES_PORT"} {
		p.environ = append(p.environ, port+"="+freePort(t))
	}
	p.removeAtTheEnd(t)
	addresses := strings.Fields(p.up(t))
	if len(addresses) != 2 {
		t.Fatalf("dev-up.sh printed %q", addresses)
	}
	t.Setenv("BCS_TEST_ENGINES", mongodb+"+"+zookeeper)
	t.Setenv("BCS_TEST_MONGODB_URI", addresses[0])
	t.Setenv("BCS_TEST_ZOOKEEPER", addresses[1])
	return p
}

// needPackages skips the test where the servers are not installed: a test does
// not install anything by the way, except in CI, where dev-up.sh may.
func needPackages(t *testing.T) {
	t.Helper()
	if os.Getenv("CI") != "" {
		return
	}
	_, java := exec.LookPath("java")
	_, jar := os.Stat("/usr/share/java/zookeeper.jar")
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if java != nil || jar != nil || len(programs) == 0 {
		t.Skip("ZooKeeper or PostgreSQL is not installed; scripts/dev-up.sh does that")
	}
}

// freePort is one that the kernel gives to no connection: while the server
// behind it is dead, nothing else must come to have it.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		at := net.JoinHostPort("127.0.0.1", strconv.Itoa(12000+rand.IntN(20000)))
		listener, err := net.Listen("tcp", at)
		if err != nil {
			continue
		}
		listener.Close()
		_, port, _ := net.SplitHostPort(at)
		return port
	}
	t.Fatal("no free port")
	return ""
}

// removeAtTheEnd has a process of its own wait for the end of this one, because
// no cleanup runs after a panic, a timeout or an interrupt.
func (p *parts) removeAtTheEnd(t *testing.T) {
	t.Helper()
	log, err := os.Create(filepath.Join(p.base, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("bash", "-c", `cat >/dev/null && "$1" --purge && rm -rf "$2"`, "remove", script(t, "dev-down.sh"), p.base)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.environ, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is for the whole group
	ours, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ours.Close()
		if err := cmd.Wait(); err != nil {
			said, _ := os.ReadFile(log.Name())
			t.Errorf("dev-down.sh: %v: %s", err, said)
		}
	})
}

func script(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "scripts", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// up starts what does not run, of one part or of both, and returns the addresses.
func (p *parts) up(t *testing.T, part ...string) string {
	t.Helper()
	return p.run(t, "dev-up.sh", part...)
}

// down stops a part in good order. Its data stay.
func (p *parts) down(t *testing.T, part string) {
	t.Helper()
	p.run(t, "dev-down.sh", part)
}

func (p *parts) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute) // also when the test's context is done
	defer cancel()
	cmd := exec.CommandContext(ctx, script(t, name), args...)
	var said bytes.Buffer
	cmd.Env, cmd.Stderr, cmd.WaitDelay = p.environ, &said, time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, &said)
	}
	return string(out)
}

// mend brings everything up at the end of the test, whatever has become of it.
func (p *parts) mend(t *testing.T) {
	t.Cleanup(func() {
		for _, process := range []string{devmongo, postgres, zookeeper} {
			_ = p.send(process, syscall.SIGCONT) // one that is dead has nothing to go on with
		}
		p.up(t)
	})
}

// signal sends a signal to each of the processes.
func (p *parts) signal(t *testing.T, sig syscall.Signal, processes ...string) {
	t.Helper()
	for _, process := range processes {
		if err := p.send(process, sig); err != nil {
			t.Fatalf("%v to %s: %v", sig, process, err)
		}
	}
}

// send signals a process, once it is sure that it is one of these parts.
func (p *parts) send(process string, sig syscall.Signal) error {
	text, err := os.ReadFile(filepath.Join(p.dir, process+".pid"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return err
	}
	if !bytes.Contains(args, []byte(p.dir)) {
		return errors.New("it has died")
	}
	return syscall.Kill(pid, sig)
}

// tail keeps the end of what is written to it: in an outage the service logs
// each request.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// Write implements io.Writer.
func (l *tail) Write(b []byte) (int, error) {
	const most = 16 << 10
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, b...)
	if len(l.kept) > 2*most {
		l.kept = append(l.kept[:0], l.kept[len(l.kept)-most:]...)
	}
	return len(b), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.kept)
}
