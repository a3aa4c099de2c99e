package main

import (
	"strings"

	"clearingd/provinces"
)

// language is zh or en.
type language = provinces.Language

const (
	chinese = provinces.Chinese
	english = provinces.English
)

// pickLanguage reads --lang before the flags are parsed, because help is written in the
// language too; then the locale; then it is Chinese.
func pickLanguage(args []string, getenv func(string) string) language {
	for i, arg := range args {
		value, found := strings.CutPrefix(arg, "--lang=")
		if arg == "--lang" && i+1 < len(args) {
			value, found = args[i+1], true
		}
		if found && (value == string(english) || value == string(chinese)) {
			return language(value)
		}
		if arg == "--" {
			break
		}
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		switch locale := getenv(name); {
		case locale == "":
			continue
		case strings.HasPrefix(locale, "zh"):
			return chinese
		default:
			return english
		}
	}
	return chinese
}

// say picks the text of the language.
func (a *app) say(zh, en string) string {
	if a.lang == english {
		return en
	}
	return zh
}

// usageTemplate translates the fixed words of the library's help.
func (a *app) usageTemplate(template string) string {
	if a.lang == english {
		return template
	}
	return strings.NewReplacer(
		"Usage:", "用法：", "Aliases:", "别名：", "Examples:", "示例：", "Available Commands:", "命令：",
		"Additional Commands:", "其他命令：", "Global Flags:", "全局选项：", "Flags:", "选项：",
		"Additional help topics:", "其他帮助主题：",
		`Use "{{.CommandPath}} [command] --help" for more information about a command.`,
		`用 "{{.CommandPath}} [命令] --help" 查看某一命令的说明。`,
	).Replace(template)
}
