package web

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// healthz reports whether the database accepts writes.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := s.health.Healthy(r.Context()); err != nil {
		slog.Error("not healthy", "err", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("the database does not answer\n"))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// metrics writes the metrics for Prometheus. They name no person and no room.
func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	set := metrics.NewSet()
	set.NewGauge("hearth_connections", func() float64 { return float64(s.hub.Count()) })
	set.NewGauge("hearth_people_online", func() float64 { return float64(s.hub.OnlineCount()) })
	set.NewGauge("hearth_uptime_seconds", func() float64 { return time.Since(s.started).Seconds() })
	set.NewGauge(`hearth_info{version="`+strings.ReplaceAll(s.options.Version, `"`, "")+`"}`, func() float64 { return 1 })
	set.NewCounter("hearth_slow_readers_total").Set(uint64(s.hub.Cut()))
	set.NewGauge("hearth_open_connections", func() float64 { return float64(s.inFlight.connections.Total()) })
	set.NewGauge("hearth_requests_in_progress", func() float64 { return float64(s.inFlight.requests.Total()) })
	set.NewCounter("hearth_refused_connections_total").Set(uint64(s.inFlight.refused.Load()))
	set.WritePrometheus(w)
	metrics.WriteProcessMetrics(w)
}
