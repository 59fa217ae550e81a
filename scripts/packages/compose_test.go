package packages

import (
	"path/filepath"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// TestCompose reads the file as "docker compose config" does: by the schema, with variables and paths resolved.
func TestCompose(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{deploy + "/compose/compose.yaml"}, cli.WithOsEnv)
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := project.CheckContainerNameUnicity(); err != nil {
		t.Error(err)
	}
	for name, service := range project.Services {
		if service.HealthCheck == nil || len(service.HealthCheck.Test) < 2 {
			t.Errorf("nothing checks the health of %s", name)
		}
		for on, dependency := range service.DependsOn {
			if dependency.Condition != types.ServiceConditionHealthy {
				t.Errorf("%s waits for %s to be %s", name, on, dependency.Condition)
			}
		}
		for _, port := range service.Ports {
			if name != "bcs-storage" || port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes %v", name, port)
			}
		}
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeBind {
				read(t, volume.Source)
			}
		}
	}
	build := project.Services["bcs-storage"].Build
	if build == nil {
		t.Fatal("bcs-storage is not built")
	}
	read(t, filepath.Join(build.Context, build.Dockerfile))
	if !project.Networks["stores"].Internal {
		t.Error("the stores can be reached from outside, and ask nobody who they are")
	}
}
