package provinces

// Agree holds a message's body against the subject it was published on. Permissions
// guard subjects and the books are keyed by them, so a body that says something else
// is refused (CodeSubject), naming every member that differs. nil: they agree.
func Agree(subject Subject, request Request) *RejectError {
	return AgreeOn(
		SaidTwice{"mdtrtarea_admvs", string(subject.Treatment), string(request.Treatment.Province())},
		SaidTwice{"insuplc_admdvs", string(subject.Home), string(request.Home.Province())},
		SaidTwice{"fixmedins_code", subject.Provider, request.Provider},
		SaidTwice{"msgid", subject.MsgID, request.MsgID},
	)
}

// SaidTwice is a member that a message says in its subject and in its body.
type SaidTwice struct{ Field, Subject, Body string }

// AgreeOn refuses (CodeSubject) what is not said alike, naming every member that differs.
// nil: they agree.
func AgreeOn(members ...SaidTwice) *RejectError {
	refusal := RejectError{Code: CodeSubject}
	for _, m := range members {
		if m.Subject != m.Body {
			refusal.Errors = append(refusal.Errors, FieldError{
				Code: CodeSubject, Field: m.Field, Expected: m.Subject, Found: m.Body,
			})
		}
	}
	if len(refusal.Errors) == 0 {
		return nil
	}
	return &refusal
}
