package fuzz_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// counted is a line of the API's own metrics: how many requests of a route were answered with a status.
var counted = regexp.MustCompile(`(?m)^jifen_http_requests_total\{method="([A-Z]+)",route="([^"]+)",status="(\d+)"\} (\S+)$`)

// answers are the API's own counts of what it has answered: by method and path as in the OpenAPI document, then status.
func (s *stack) answers() map[string]map[int]int {
	s.t.Helper()
	all := map[string]map[int]int{}
	for _, m := range counted.FindAllStringSubmatch(s.text(s.metrics), -1) {
		parts := strings.Split(m[2], "/")
		for i, p := range parts {
			if name, ok := strings.CutPrefix(p, ":"); ok {
				parts[i] = "{" + name + "}"
			}
		}
		status, err := strconv.Atoi(m[3])
		if err != nil {
			s.t.Fatal(err)
		}
		n, err := strconv.ParseFloat(m[4], 64)
		if err != nil {
			s.t.Fatal(err)
		}
		operation := m[1] + " " + strings.Join(parts, "/")
		if all[operation] == nil {
			all[operation] = map[int]int{}
		}
		all[operation][status] += int(n)
	}
	return all
}

// reached holds what the API itself counted against the document: nothing was answered with a 5xx, and after a long run every
// operation has done at least once what it is for.
func (s *stack) reached(long bool) {
	s.t.Helper()
	var document struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(s.text(s.url+"/openapi.json")), &document); err != nil {
		s.t.Fatal(err)
	}
	answers := s.answers()
	operations, requests, good := 0, 0, 0
	var table strings.Builder
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(document.Paths[path])) {
			operation := strings.ToUpper(method) + " " + path
			operations++
			var told []string
			done := false
			for _, status := range slices.Sorted(maps.Keys(answers[operation])) {
				n := answers[operation][status]
				requests += n
				told = append(told, fmt.Sprint(status, "×", n))
				if status >= 500 {
					s.t.Errorf("%s: %d answers with %d", operation, n, status)
				}
				done = done || status < 300
			}
			if done {
				good++
			} else if long {
				s.t.Errorf("%s never did what it is for: %v", operation, told)
			}
			fmt.Fprintf(&table, "\n%-75s %s", operation, strings.Join(told, " "))
		}
	}
	s.t.Logf("%d operations, %d requests; %d operations did what they are for (2xx)%s", operations, requests, good, &table)
}

func (s *stack) text(url string) string {
	s.t.Helper()
	res, err := http.Get(url)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}
