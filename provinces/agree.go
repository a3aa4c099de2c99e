package provinces

// Agree holds a message's body against the subject it was published on. Permissions
// guard subjects and the books are keyed by them, so a body that says something else
// is refused (CodeSubject), naming every member that differs. nil: they agree.
func Agree(subject Subject, request Request) *RejectError {
	var refusal RejectError
	for _, part := range []struct{ field, subject, body string }{
		{"mdtrtarea_admvs", string(subject.Treatment), string(request.Treatment.Province())},
		{"insuplc_admdvs", string(subject.Home), string(request.Home.Province())},
		{"fixmedins_code", subject.Provider, request.Provider},
		{"msgid", subject.MsgID, request.MsgID},
	} {
		if part.subject != part.body {
			refusal.Errors = append(refusal.Errors, FieldError{
				Code: CodeSubject, Field: part.field, Expected: part.subject, Found: part.body,
			})
		}
	}
	if len(refusal.Errors) == 0 {
		return nil
	}
	refusal.Code = CodeSubject
	return &refusal
}
