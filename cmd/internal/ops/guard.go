package ops

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"clearingd/config"
)

// policy lets a page load nothing but what this server serves and run no script that
// stands in the page. A page that needs more sets its own header.
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// securityHeaders sets what every answer carries unless its handler says otherwise.
func securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store") // figures of a settlement belong in no cache
		next.ServeHTTP(w, r)
	})
}

// knownHosts refuses requests under a host name that is not ours. A web page from
// elsewhere can make its own name point at the loopback (DNS rebinding) and would then
// read the officers' pages; it cannot make the browser send another name, nor an address
// in place of one. Where the operator opened the port to the network and named no
// names, every name counts.
func knownHosts(c config.HTTP, next http.Handler) http.Handler {
	open := !config.IsLoopback(c.Listen) && len(c.AllowedHosts) == 0
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !open && !knownHost(r.Host, c.AllowedHosts) {
			http.Error(w, "this name is not served here; an operator adds it to http.allowed_hosts", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func knownHost(host string, allowed []string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsValid() || slices.Contains(allowed, host)
}
