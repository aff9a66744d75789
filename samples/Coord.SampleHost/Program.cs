using System.CommandLine;

RootCommand root = new("Runs one Coord node. It cannot join a cluster yet.");
return await root.Parse(args).InvokeAsync();
