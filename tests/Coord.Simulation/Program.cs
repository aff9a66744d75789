using Coord.Simulation;

return Launcher.NeedsOwnProcess ? Launcher.Run(args) : Runner.Run(args);
