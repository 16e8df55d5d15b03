package web

import (
	"fmt"
	"html"
	"html/template"
	"reflect"
	"slices"
	"text/template/parse"
)

// foldable are the functions whose results depend on their arguments and the language alone, so that they can be called when a
// template is parsed. Their results stand in text or in attributes, never in scripts or styles.
var foldable = []string{"t", "icon", "asset", "preloads"}

// fold replaces calls of foldable functions with constant arguments, such as {{t "page.close"}}, by their results. A page of a room
// has about a hundred of them, and calling them takes a third of the time of executing its template. It must be called before
// the templates are executed.
func fold(templates []*template.Template, funcs template.FuncMap) error {
	for _, t := range templates {
		if t.Tree == nil {
			continue // it is empty
		}
		if err := foldList(t.Tree.Root, funcs); err != nil {
			return fmt.Errorf("template %s: %w", t.Name(), err)
		}
	}
	return nil
}

func foldList(list *parse.ListNode, funcs template.FuncMap) error {
	if list == nil {
		return nil
	}
	for i, n := range list.Nodes {
		var branch *parse.BranchNode
		switch n := n.(type) {
		case *parse.ActionNode:
			text, ok, err := call(n.Pipe, funcs)
			if err != nil {
				return err
			}
			if ok {
				list.Nodes[i] = &parse.TextNode{NodeType: parse.NodeText, Pos: n.Pos, Text: []byte(text)}
			}
			continue
		case *parse.IfNode:
			branch = &n.BranchNode
		case *parse.WithNode:
			branch = &n.BranchNode
		case *parse.RangeNode:
			branch = &n.BranchNode
		default:
			continue
		}
		if err := foldList(branch.List, funcs); err != nil {
			return err
		}
		if err := foldList(branch.ElseList, funcs); err != nil {
			return err
		}
	}
	return nil
}

// call returns the escaped result of a pipeline; ok is false if it is not one call of a foldable function with constant strings.
func call(p *parse.PipeNode, funcs template.FuncMap) (text string, ok bool, err error) {
	if len(p.Decl) > 0 || len(p.Cmds) != 1 {
		return "", false, nil
	}
	name, ok := p.Cmds[0].Args[0].(*parse.IdentifierNode)
	if !ok || !slices.Contains(foldable, name.Ident) {
		return "", false, nil
	}
	args := make([]reflect.Value, 0, len(p.Cmds[0].Args)-1)
	for _, arg := range p.Cmds[0].Args[1:] {
		s, ok := arg.(*parse.StringNode)
		if !ok {
			return "", false, nil
		}
		args = append(args, reflect.ValueOf(s.Text))
	}
	switch x := reflect.ValueOf(funcs[name.Ident]).Call(args)[0].Interface().(type) {
	case template.HTML:
		return string(x), true, nil
	case string:
		return html.EscapeString(x), true, nil
	default:
		return "", false, fmt.Errorf("%s returns a %T", name.Ident, x)
	}
}
