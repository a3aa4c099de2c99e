package simulate

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// identities finds identities of persons in texts: it knows all that were sent.
type identities struct {
	byBegin map[string][]string
	count   int
}

const beginLength = 8

// identitiesOf collects names, numbers and certificates from what was sent.
func identitiesOf(sent []message) *identities {
	ids := &identities{byBegin: map[string][]string{}}
	seen := map[string]bool{}
	for _, m := range sent {
		var body struct {
			Input struct {
				Data struct {
					Person      string `json:"psn_no"`
					Certificate string `json:"mdtrt_cert_no"`
				} `json:"data"`
				Info struct {
					Name string `json:"psn_name"`
				} `json:"baseinfo"`
			} `json:"input"`
		}
		if json.Unmarshal(m.body, &body) != nil {
			continue
		}
		for _, id := range []string{body.Input.Data.Person, body.Input.Data.Certificate, body.Input.Info.Name} {
			if len(id) >= beginLength && !seen[id] {
				seen[id] = true
				ids.add(id)
			}
		}
	}
	ids.add("CANARY000000000099")
	ids.add("金丝雀9999")
	return ids
}

func (ids *identities) add(id string) {
	ids.byBegin[id[:beginLength]] = append(ids.byBegin[id[:beginLength]], id)
	ids.count++
}

// in returns the first identity that the text holds; "" if none.
func (ids *identities) in(text []byte) string {
	for i := 0; i+beginLength <= len(text); i++ {
		for _, id := range ids.byBegin[string(text[i:i+beginLength])] {
			if bytes.HasPrefix(text[i:], []byte(id)) {
				return id
			}
		}
	}
	return ""
}

// checkLeaks looks for identities where none may be: logs, metrics, reports, names of
// files, and the words of refusals.
func (r *run) checkLeaks(metrics string, answers answered) {
	ids := identitiesOf(r.sent)
	if ids.count < 10 {
		r.fault("only %d identities are known: the search for leaks is worth nothing", ids.count)
	}
	leak := func(where string, text []byte) {
		if id := ids.in(text); id != "" {
			r.fault("%s shows %s", where, id)
		}
	}
	leak("/metrics", []byte(metrics))
	for _, e := range sortedAnswers(answers) {
		var answer struct {
			Text   string `json:"err_msg"`
			Output struct {
				Errors json.RawMessage `json:"error"`
			} `json:"output"`
		}
		if json.Unmarshal(e.Body, &answer) == nil {
			leak("err_msg of "+e.Subject, []byte(answer.Text))
			leak("output.error of "+e.Subject, answer.Output.Errors)
		}
	}
	for _, dir := range []string{filepath.Join(r.dir, "state", "reports"), r.dir} {
		if err := leakFiles(dir, leak); err != nil {
			r.fault("search for leaks: %v", err)
		}
	}
}

// leakFiles looks through reports and logs, and at the names of all files.
func leakFiles(dir string, leak func(string, []byte)) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the broker's files come and go
		}
		if err != nil {
			return err
		}
		leak("the name of a file in "+dir, []byte(entry.Name()))
		report := strings.Contains(path, string(filepath.Separator)+"reports"+string(filepath.Separator))
		if entry.IsDir() || !report && !strings.HasSuffix(path, ".log") {
			return nil // books and streams hold the messages themselves
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		leak(path, text)
		if strings.HasSuffix(path, ".xlsx") {
			return leakZip(path, text, leak)
		}
		return nil
	})
}

func leakZip(path string, text []byte, leak func(string, []byte)) error {
	archive, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return err
	}
	for _, file := range archive.File {
		in, err := file.Open()
		if err != nil {
			return err
		}
		part, err := io.ReadAll(in)
		in.Close()
		if err != nil {
			return err
		}
		leak(path+" "+file.Name, part)
	}
	return nil
}
