package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"strconv"
	"unicode/utf8"

	"clearingd/ledger"
	"clearingd/provinces"
)

// message is one message to publish, with what the file says of it.
type message struct {
	subject string
	body    []byte
	what    string             // label; "" if the file gives none
	day     *ledger.Day        // business day it is meant for; nil if not said
	want    provinces.Outcome  // expected outcome; "" if not said
	code    provinces.Code     // expected code of a refusal
	key     *provinces.Subject // subject, taken apart
}

// fileLine is a line of a messages file (NDJSON). The body is given as it is, so that
// its bytes are exact, or in base64 where it is no JSON at all.
type fileLine struct {
	Subject string            `json:"subject"`
	Body    json.RawMessage   `json:"body,omitempty"`
	Base64  []byte            `json:"body_base64,omitempty"`
	What    string            `json:"what,omitempty"`
	Day     *ledger.Day       `json:"day,omitempty"`
	Want    provinces.Outcome `json:"want,omitempty"`
	Code    provinces.Code    `json:"want_code,omitempty"`
}

// readFile reads a file, or standard input for "-".
func (a *app) readFile(name string) ([]byte, error) {
	return a.readFileUpTo(name, math.MaxInt64-1)
}

// readFileUpTo is readFile of at most so many bytes, and one more where there is more.
func (a *app) readFileUpTo(name string, most int64) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(a.in, most+1))
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, usageError("读不了文件："+err.Error(), err.Error())
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, usageError("读不了文件："+err.Error(), err.Error())
	}
	return data, nil
}

// readMessages reads a messages file: NDJSON lines of subject and body, national envelopes,
// or both, one after another.
func readMessages(data []byte) ([]message, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	var messages []message
	for {
		var value json.RawMessage
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return messages, nil
		}
		if err != nil {
			where := lineAt(data, decoder.InputOffset())
			return nil, usageError("第 "+where+" 行起不是 JSON："+err.Error()+"（要原样发布任意字节，请用 --subject）",
				"not JSON from line "+where+": "+err.Error()+" (use --subject to publish any bytes as they are)")
		}
		m, err := readMessage(value)
		if err != nil {
			where := lineAt(data, decoder.InputOffset())
			return nil, usageError("到第 "+where+" 行为止的报文："+err.Error(), "the message that ends in line "+where+": "+err.Error())
		}
		messages = append(messages, m)
	}
}

// lineAt is the number of the line that the offset lies in.
func lineAt(data []byte, offset int64) string {
	return strconv.Itoa(bytes.Count(data[:min(int(offset), len(data))], []byte("\n")) + 1)
}

// readMessage tells a line from an envelope: a line has a subject, an envelope an infno.
func readMessage(value json.RawMessage) (message, error) {
	var line fileLine
	if err := json.Unmarshal(value, &line); err != nil {
		return message{}, err
	}
	m := message{subject: line.Subject, body: line.Body, what: line.What, day: line.Day, want: line.Want, code: line.Code}
	if m.subject == "" {
		subject, err := subjectOf(value)
		if err != nil {
			return message{}, err
		}
		m.subject, m.body = subject, value
	}
	if line.Base64 != nil {
		m.body = line.Base64
	}
	if len(m.body) == 0 {
		return message{}, errors.New("no body")
	}
	key, err := provinces.ParseSubject(m.subject)
	if err != nil {
		return message{}, err
	}
	m.key = &key
	return m, nil
}

// subjectOf derives the subject from a national envelope.
func subjectOf(body []byte) (string, error) {
	var e struct {
		Infno     string      `json:"infno"`
		MsgID     string      `json:"msgid"`
		Treatment ledger.Area `json:"mdtrtarea_admvs"`
		Home      ledger.Area `json:"insuplc_admdvs"`
		Provider  string      `json:"fixmedins_code"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return "", err
	}
	s := provinces.Subject{Treatment: e.Treatment.Province(), Home: e.Home.Province(), Provider: e.Provider, MsgID: e.MsgID}
	if _, err := provinces.ParseSubject(s.Claims()); err != nil {
		return "", errors.New("the envelope gives no subject: mdtrtarea_admvs, insuplc_admdvs, fixmedins_code or msgid is missing or malformed")
	}
	return s.Claims(), nil
}

// writeLine writes a message as a line of a messages file.
func writeLine(w io.Writer, m message) error {
	line := fileLine{Subject: m.subject, What: m.what, Day: m.day, Want: m.want, Code: m.code}
	verbatim := isLine(m.body)
	if !verbatim {
		line.Base64 = m.body
	}
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	if verbatim { // put in by hand: the library would rewrite the bytes
		text = append(append(append(text[:len(text)-1], `,"body":`...), m.body...), '}')
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// isLine reports whether a body can stand in a line as it is: one JSON value, in valid
// UTF-8, without space around it or line breaks in it.
func isLine(body []byte) bool {
	return utf8.Valid(body) && json.Valid(body) && !bytes.ContainsAny(body, "\r\n") && len(bytes.TrimSpace(body)) == len(body)
}
