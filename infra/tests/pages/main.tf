# Lists, for each module, the variables and outputs that its README doesn't name.

locals {
  modules = "${path.module}/../../modules"
  names   = toset([for file in fileset(local.modules, "*/main.tf") : dirname(file)])
}

output "untold" {
  description = "Variables and outputs that no README names, and `example` where there is none, by module."
  value = {
    for name in local.names : name => concat(
      [
        for declared in flatten([
          for file in fileset("${local.modules}/${name}", "*.tf") :
          flatten(regexall("(?m)^(?:variable|output) \"([a-z_]+)\"", file("${local.modules}/${name}/${file}")))
        ]) : declared if !strcontains(file("${local.modules}/${name}/README.md"), "`${declared}`")
      ],
      fileexists("${local.modules}/${name}/examples/basic/main.tf") ? [] : ["example"],
    )
  }
}
