global using Coord.Simulation.Checking;
