// Package packages holds the checks of conf/deploy: what can be known of the packages without Docker, Kubernetes or systemd.
package packages
