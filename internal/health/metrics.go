package health

import (
	"context"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// family is one metric: its name, what it means, and its labels.
type family struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func newFamily(kind prometheus.ValueType, name, help string, labels ...string) family {
	return family{prometheus.NewDesc(name, help, labels, nil), kind}
}

func gauge(name, help string, labels ...string) family {
	return newFamily(prometheus.GaugeValue, name, help, labels...)
}

func counter(name, help string, labels ...string) family {
	return newFamily(prometheus.CounterValue, name, help, labels...)
}

// known is a counter whose name dashboards know, without the _total that Prometheus wants of one: it has no type.
func known(name, help string, labels ...string) family {
	return newFamily(prometheus.UntypedValue, name, help, labels...)
}

// send emits one series. A label is what the server says, which need not be UTF-8.
func (f family) send(out chan<- prometheus.Metric, value float64, labels ...string) {
	for i, label := range labels {
		labels[i] = strings.ToValidUTF8(label, "?")
	}
	out <- prometheus.MustNewConstMetric(f.desc, f.kind, value, labels...)
}

// collector gives the metrics of a service each time they are asked for.
type collector struct{ service *Service }

// Describe is part of prometheus.Collector.
func (c collector) Describe(out chan<- *prometheus.Desc) {
	for _, f := range append(serverFamilies(), poolFamilies()...) {
		out <- f.desc
	}
}

// Collect is part of prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	f, answered := c.service.scrape.get(context.Background())
	if !answered { // the look goes on, and the next scrape has it
		f = &facts{failed: []string{"timeout"}, took: scrapePatience}
	}
	c.service.sendServer(out, f)
	c.service.sendPool(out)
}

// metrics answers /metrics from a registry of its own.
func (s *Service) metrics() http.HandlerFunc {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector{s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}).ServeHTTP
}

func flag(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
