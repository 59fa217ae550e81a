package app

import (
	"fmt"
	"time"

	"bcs-storage/conf"
	"bcs-storage/handlers"
	"bcs-storage/handlers/ccs"
	"bcs-storage/handlers/ccs/signature"
)

// lookEvery is how often a watched file is looked at, at most: a change counts that soon.
const lookEvery = time.Second

// views are what the vendors' views need to know.
func (a *App) views(now func() time.Time) (handlers.Views, error) {
	c := a.config.Views
	zone, err := time.LoadLocation(c.CCS.TimeZone)
	if err != nil {
		return handlers.Views{}, fmt.Errorf("views.ccs.timeZone: %w", err)
	}
	v := handlers.Views{DefaultCluster: c.DefaultCluster, MaxBytes: c.MaxBytes, CCS: ccs.Options{Zone: zone}}
	if c.CCS.Credentials == "" {
		return v, nil
	}
	// Files change by the clock of the machine, whatever the time of the service is.
	credentials, err := conf.Watch(c.CCS.Credentials, lookEvery, time.Now, conf.ParseCredentials, func(err error) {
		a.log.Error("the credentials stay as they were", "error", err)
	})
	if err != nil {
		return handlers.Views{}, fmt.Errorf("views.ccs.credentials: %w", err)
	}
	v.CCSVerifier = signature.NewVerifier(signature.Options{
		Keys: func(secretID string) (string, bool) {
			found, known := credentials.Get().Find(secretID)
			return string(found.SecretKey), known
		},
		Hosts: c.CCS.Hosts,
		Skew:  c.CCS.MaxSkew,
		Now:   now,
	})
	v.CCSSees = func(secretID, clusterID string) bool {
		found, known := credentials.Get().Find(secretID)
		return known && found.Sees(clusterID)
	}
	return v, nil
}
