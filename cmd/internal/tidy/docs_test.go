package tidy

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clearingd/config"
	"clearingd/provinces"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)(?:\s+"[^"]*")?\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6}\s+(.+?)\s*#*$`)
	fenced  = regexp.MustCompile("(?ms)^```.*?^```[ \t]*$")
)

// anchors are the targets that a Markdown file offers, as Git forges make them.
func anchors(text string) []string {
	var all []string
	for _, h := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		words := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case strings.ContainsRune("`*.,:;!?()[]{}'\"/&+=<>，。：；、！？（）《》“”", r):
				return -1
			}
			return r
		}, strings.ToLower(h[1]))
		all = append(all, words)
	}
	return all
}

func TestDocumentLinksResolve(t *testing.T) {
	for _, file := range files(t, func(p string) bool { return strings.HasSuffix(p, ".md") }) {
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, file), ""), -1) {
			u, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: link %s: %v", file, m[1], err)
				continue
			}
			if u.Scheme != "" {
				continue // elsewhere; this machine may have no network
			}
			target := file
			if u.Path != "" {
				target = path.Join(path.Dir(file), u.Path)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: link %s leads nowhere", file, m[1])
				continue
			}
			if u.Fragment != "" && strings.HasSuffix(target, ".md") && !slices.Contains(anchors(read(t, target)), u.Fragment) {
				t.Errorf("%s: link %s: %s has no such heading", file, m[1], target)
			}
		}
	}
}

// Whoever is woken by an alert finds its section in the runbook.
func TestAlertsHaveTheirSectionInTheRunbook(t *testing.T) {
	sections := anchors(read(t, "docs/runbook.md"))
	wanted := regexp.MustCompile(`runbook: docs/runbook\.md#(\S+)`).FindAllStringSubmatch(read(t, "deploy/prometheus/alerts.yaml"), -1)
	if len(wanted) == 0 {
		t.Fatal("no alert points at the runbook: has the form of the rules changed?")
	}
	for _, w := range wanted {
		if !slices.Contains(sections, w[1]) {
			t.Errorf("docs/runbook.md has no section #%s, to which an alert points", w[1])
		}
	}
}

// config keeps a list of provinces of its own, because it imports nothing of ours.
func TestConfigKnowsTheSameProvinces(t *testing.T) {
	var known []string
	for _, p := range provinces.Provinces() {
		known = append(known, string(p))
	}
	slices.Sort(known)
	if mine := config.Provinces(); !slices.Equal(mine, known) {
		t.Errorf("config knows %v,\nprovinces knows %v", mine, known)
	}
}
