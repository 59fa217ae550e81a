package packages

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

const dockerfile = deploy + "/docker/Dockerfile"

// noRegistry says of every base image that it has a shell's PATH, and nothing else.
type noRegistry struct{}

func (noRegistry) ResolveImageConfig(_ context.Context, reference string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config := fmt.Sprintf(`{"os":"linux","architecture":%q,"config":{"Env":["PATH=/usr/local/bin:/usr/bin:/bin"]}}`, runtime.GOARCH)
	return reference, "", []byte(config), nil
}

// TestDockerfile is "docker build --check", without the registry.
func TestDockerfile(t *testing.T) {
	raw := read(t, dockerfile)
	source := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", raw)
	source.Definition = new(llb.Definition)
	options := dockerfile2llb.ConvertOpt{
		MetaResolver: noRegistry{},
		SourceMap:    source,
		Config:       dockerui.Config{BuildPlatforms: []ocispecs.Platform{{OS: "linux", Architecture: "amd64"}}},
	}
	results, err := dockerfile2llb.DockerfileLint(t.Context(), raw, options)
	if err != nil {
		t.Fatal(err)
	}
	if results.Error != nil {
		t.Error(results.Error.Message)
	}
	for _, w := range results.Warnings {
		t.Errorf("%s: %s", w.RuleName, w.Detail)
	}
	for _, architecture := range []string{"amd64", "arm64"} {
		options.TargetPlatform = &ocispecs.Platform{OS: "linux", Architecture: architecture}
		made, err := dockerfile2llb.Dockerfile2LLB(t.Context(), raw, options)
		if err != nil {
			t.Fatal(err)
		}
		c := made.Image.Config
		got := fmt.Sprint(made.Image.Architecture, c.User, c.Entrypoint, c.Cmd, c.Volumes, c.ExposedPorts, c.Healthcheck.Test)
		want := architecture + "65532:65532 [/bcs-storage] [serve --config /etc/bcs-storage/bcs-storage.yaml] map[/data:{}] map[50024/tcp:{}] [CMD /bcs-storage health]"
		if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

// TestImage runs what the Dockerfile says, in its order, in folders instead of images: the build stage with the machine's
// own Go, then, as root on Linux, the program in the last stage's files alone, as the image's user. What it can't know is
// what the base images add.
func TestImage(t *testing.T) {
	parsed, err := parser.Parse(bytes.NewReader(read(t, dockerfile)))
	if err != nil {
		t.Fatal(err)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]string{"TARGETOS": runtime.GOOS, "TARGETARCH": runtime.GOARCH, "VERSION": "v1.2.3-test", "COMMIT": "0123abc"}
	built := map[string]string{"": buildContext(t)} // folders by the name of the stage; "" is the context
	var last string
	for _, stage := range stages {
		s := folderStage{dir: t.TempDir(), workdir: "/", built: built, given: given}
		for _, command := range stage.Commands {
			s.run(t, command)
		}
		built[stage.Name], last = s.dir, s.dir
	}
	if err := os.Chmod(last, 0o755); err != nil { // a temporary folder is its owner's alone
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(last, "bcs-storage"), "version").CombinedOutput()
	if want := "bcs-storage v1.2.3-test 0123abc "; err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("got %q, %v, want %q…", out, err, want)
	}
	if info, err := os.Stat(filepath.Join(last, "data")); err != nil || !info.IsDir() {
		t.Errorf("no folder /data: %v", err)
	}
	serveIn(t, last)
}

// serveIn starts the image's command where nothing is but the image's files, on a loopback of its own so that the image's
// own address is free, asks as its HEALTHCHECK does, and stops it.
func serveIn(t *testing.T, root string) {
	t.Helper()
	const script = `
ip link set lo up
in_image() { exec chroot --userspec=65532:65532 "$1" /bcs-storage "${@:2}"; }
(in_image "$1" serve --config /etc/bcs-storage/bcs-storage.yaml) && exit 1 # it has to be told who may come
export BCS_STORAGE_INSECURE_LISTEN=true
(in_image "$1" serve --config /etc/bcs-storage/bcs-storage.yaml) & server=$!
for _ in {1..100}; do
  if (in_image "$1" health) 2>/dev/null; then healthy=yes; break; fi
  sleep 0.1
done
kill -TERM $server && wait $server && [ "$healthy" = yes ]
`
	if os.Geteuid() != 0 || exec.Command("unshare", "--net", "ip", "link", "set", "lo", "up").Run() != nil {
		t.Skip("the image's files alone were not tried: this needs root, unshare and ip")
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "--net", "bash", "-uc", script, "image", root)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(root, "data", "bcs-storage.db")); err != nil {
		t.Error(err)
	}
}

// folderStage carries out the commands of a stage in a folder.
type folderStage struct {
	dir, workdir string
	environ      []string
	built, given map[string]string
}

func (s *folderStage) path(inImage string) string {
	if !strings.HasPrefix(inImage, "/") {
		inImage = filepath.Join(s.workdir, inImage)
	}
	return filepath.Join(s.dir, inImage)
}

func (s *folderStage) run(t *testing.T, command instructions.Command) {
	t.Helper()
	switch c := command.(type) {
	case *instructions.WorkdirCommand:
		s.workdir = c.Path
	case *instructions.ArgCommand:
		for _, arg := range c.Args {
			value, ok := s.given[arg.Key]
			if !ok {
				t.Errorf("ARG %s is not among those that are documented", arg.Key)
			}
			s.environ = append(s.environ, arg.Key+"="+value)
		}
	case *instructions.CopyCommand:
		for _, source := range c.SourcePaths {
			s.copy(t, filepath.Join(s.built[c.From], source), c)
		}
	case *instructions.RunCommand:
		cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.Join(c.CmdLine, " "))
		cmd.Dir, cmd.Env = s.path("."), append(os.Environ(), s.environ...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", c, err, out)
		}
	case *instructions.LabelCommand, *instructions.UserCommand, *instructions.VolumeCommand, *instructions.ExposeCommand,
		*instructions.HealthCheckCommand, *instructions.EntrypointCommand, *instructions.CmdCommand:
	default:
		t.Fatalf("this test does not know what to do for %T", command)
	}
}

// copy follows COPY: what is in a folder goes to the target, a file to the target or, with a slash at its end, into it.
func (s *folderStage) copy(t *testing.T, source string, c *instructions.CopyCommand) {
	t.Helper()
	info, err := os.Stat(source)
	if err != nil {
		t.Fatalf("%s: %v", c, err)
	}
	target := s.path(c.DestPath)
	if !info.IsDir() {
		if strings.HasSuffix(c.DestPath, "/") {
			target = filepath.Join(target, filepath.Base(source))
		}
		copyFile(t, source, target, info.Mode())
		return
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", source+"/.", target).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if user, group, given := strings.Cut(c.Chown, ":"); given && os.Geteuid() == 0 {
		uid, _ := strconv.Atoi(user)
		gid, _ := strconv.Atoi(group)
		if err := os.Chown(target, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
}

// buildContext is a copy of what Docker's client sends to the builder.
func buildContext(t *testing.T) string {
	t.Helper()
	patterns, err := ignorefile.ReadAll(bytes.NewReader(read(t, repository+"/.dockerignore")))
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var top []string
	err = filepath.WalkDir(repository, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(repository, path)
		if err != nil {
			return err
		}
		skip, err := ignored.MatchesOrParentMatches(name)
		if err != nil || skip {
			return err
		}
		first, _, _ := strings.Cut(name, "/")
		top = append(top, first)
		copyFile(t, path, filepath.Join(dir, name), 0o644)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(top)
	if got := strings.Join(slices.Compact(top), " "); got != "cmd conf go.mod go.sum handlers storage watch" {
		t.Errorf("the context has %s", got)
	}
	return dir
}

func copyFile(t *testing.T, source, target string, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(target, read(t, source), mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
